"""What happens in Redis, each in one step there. Time is Redis's own, so all workers share it.

Keys of a route carry the same hash tag and so live on one node of a cluster::

    mimic:gov:{bybit}:ip:0, :1          counts by address: a field is "<kind>|<egress>"
    mimic:gov:{bybit}:account:0, :1     counts by account: a field is the account's id
    mimic:gov:{bybit}:holds             "all|e|<egress>", "opens|a|<account>", "all|v" to until, ms
    mimic:gov:{bybit}:breakers          "*" or an egress to its state, see _BREAKERS
    mimic:gov:{bybit}:born              when these counts began, ms
    mimic:gov:{bybit}:workers           process to "in flight:at, ms"
    mimic:gov:{bybit}:withheld          why somebody got less than asked for, the last time

A count is a packed list of bucket, count, bucket, count … (:mod:`.windows` has the rules). Counts
live in two books that take turns every PERIOD, so that what is used no more goes without a TTL of
its own; a count moves to the new book with its next use. Redis must not evict (``noeviction``, or
memory enough): a count that is gone is a count of zero.
"""

from __future__ import annotations

from typing import Final

PERIOD_MS: Final = 150_000  # longer than any window with its slack
BUDGET, HELD, BROKEN = 1, 2, 3  # why a grant is smaller than asked for

_CLOCK = """
local function clock(given)
  if tonumber(given) > 0 then return tonumber(given) end
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
"""

_COUNTS = f"""
local PERIOD = {PERIOD_MS}
local function books(even, odd, now)
  local period = math.floor(now / PERIOD)
  local this, last = even, odd
  if period % 2 == 1 then this, last = odd, even end
  if tonumber(redis.call('HGET', this, 'period') or -1) ~= period then
    redis.call('DEL', this)
    redis.call('HSET', this, 'period', string.format('%d', period))
    redis.call('PEXPIRE', this, 2 * PERIOD)
  end
  return this, last
end
local function kept(raw, bucket, widest, now)
  local marks, all = {{}}, raw and cmsgpack.unpack(raw) or {{}}
  for i = 1, #all, 2 do
    if (all[i] + 1) * bucket > now - widest then
      marks[#marks + 1] = all[i]
      marks[#marks + 1] = all[i + 1]
    end
  end
  return marks
end
local function used(marks, bucket, width, now)
  local sum = 0
  for i = 1, #marks, 2 do
    if (marks[i] + 1) * bucket > now - width then sum = sum + marks[i + 1] end
  end
  return sum
end
-- ms until `excess` units have left the window
local function wait(marks, bucket, width, now, excess)
  for i = 1, #marks, 2 do
    local leaves = (marks[i] + 1) * bucket + width - now
    if leaves > 0 then
      excess = excess - marks[i + 1]
      if excess <= 0 then return leaves end
    end
  end
  return width
end
local function add(marks, bucket, now, count)
  local this = math.floor(now / bucket)
  if marks[#marks - 1] == this then
    marks[#marks] = marks[#marks] + count
  else
    marks[#marks + 1] = this
    marks[#marks + 1] = count
  end
end
-- takes out up to `count` of what was added at that time (and on its way there: the next bucket)
local function take_out(marks, bucket, at, count)
  local first, out = math.floor(at / bucket), 0
  for i = 1, #marks, 2 do
    if out < count and (marks[i] == first or marks[i] == first + 1) then
      local part = math.min(marks[i + 1], count - out)
      marks[i + 1] = marks[i + 1] - part
      out = out + part
    end
  end
  return out
end
-- since when we count; who knows of an older beginning saw the counts get lost
local function began(key, now, seen)
  local born = tonumber(redis.call('GET', key))
  if not born then
    born = now
    redis.call('SET', key, string.format('%d', born))
  end
  return born, seen > 0 and seen ~= born
end
-- windows from ARGV: n, n × (allowed, width, allowed after a loss); returns them and what follows
local function windows(at, now, born, lost)
  local found = {{}}
  for w = 1, tonumber(ARGV[at]) do
    local allowed, width = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    local pause = 0
    if lost and now < born + width then
      local after_loss = tonumber(ARGV[at + 3])
      if after_loss < allowed then allowed, pause = after_loss, born + width - now end
    end
    found[w] = {{allowed = allowed, width = width, pause = pause}}
    at = at + 3
  end
  return found, at + 1
end
"""

_BREAKERS = """
-- state (0 closed, 1 open, 2 half open), failures, since, until, trips, opened, probed
local function read_breaker(raw)
  local b = {}
  for part in string.gmatch(raw or '0:0:0:0:0:0:0', '%d+') do b[#b + 1] = tonumber(part) end
  return b
end
local function write_breaker(key, scope, b)
  local parts = {}
  for i = 1, 7 do parts[i] = string.format('%d', b[i]) end
  redis.call('HSET', key, scope, table.concat(parts, ':'))
  redis.call('PEXPIRE', key, 86400000)
end
"""

# KEYS ip even, ip odd, holds, breakers, born, workers, withheld
# ARGV now, seen, egress, purpose (open, close, read), wanted, age of a grant that is renewed (ms;
#      -1: a new one), probe spacing, probe lease, process, in flight,
#      then counters × (field, bucket, widest, cost, windows)
# Returns granted, wait, why, born, lost, now, holds, breakers. ``wanted`` 0 only looks.
GRANT: Final = (
    _CLOCK
    + _COUNTS
    + _BREAKERS
    + """
local now, egress, purpose = clock(ARGV[1]), ARGV[3], ARGV[4]
local wanted, age = tonumber(ARGV[5]), tonumber(ARGV[6])
local born, lost = began(KEYS[5], now, tonumber(ARGV[2]))
local granted, pause, why = wanted, 0, 0

-- restarts leave their names behind: too many are dropped, the living are back with their next call
if redis.call('HLEN', KEYS[6]) > 100 then redis.call('DEL', KEYS[6]) end
redis.call('HSET', KEYS[6], ARGV[9], string.format('%d:%d', ARGV[10], now))
redis.call('PEXPIRE', KEYS[6], 60000)

local fields = {'all|v', 'all|e|' .. egress, 'opens|v', 'opens|e|' .. egress}
local till = redis.call('HMGET', KEYS[3], unpack(fields))
for i = 1, purpose == 'open' and 4 or 2 do
  if till[i] and tonumber(till[i]) > now then
    granted, why, pause = 0, 2, math.max(pause, till[i] - now)
  end
end

local counts, at, this, last = {}, 11, nil, nil
while wanted > 0 and at <= #ARGV do
  if not this then this, last = books(KEYS[1], KEYS[2], now) end
  local c = {field = ARGV[at], bucket = tonumber(ARGV[at + 1]), cost = tonumber(ARGV[at + 3])}
  local raw = redis.call('HGET', this, c.field) or redis.call('HGET', last, c.field)
  c.marks = kept(raw, c.bucket, tonumber(ARGV[at + 2]), now)
  c.moved = 0
  if age >= 0 then c.moved = take_out(c.marks, c.bucket, now - age, wanted * c.cost) end
  local rules
  rules, at = windows(at + 4, now, born, lost)
  for _, w in ipairs(rules) do
    local sum = used(c.marks, c.bucket, w.width, now)
    local fits = math.floor(math.max(w.allowed - sum, c.moved) / c.cost)
    if fits < wanted then
      local excess = sum + (fits + 1) * c.cost - w.allowed
      pause = math.max(pause, w.pause, wait(c.marks, c.bucket, w.width, now, excess))
    end
    if fits < granted then granted, why = fits, 1 end
  end
  counts[#counts + 1] = c
end

local gates = {}
for _, scope in ipairs({'*', egress}) do
  local raw = granted > 0 and purpose ~= 'read' and redis.call('HGET', KEYS[4], scope)
  local b = raw and read_breaker(raw)
  if b and b[1] > 0 then
    local due = now >= b[4] and 'lease'
      or (purpose == 'close' and now - b[7] >= tonumber(ARGV[7]) and 'probe')
    gates[#gates + 1] = {scope = scope, b = b, due = due}
    if not due then granted, why, pause = 0, 3, math.max(pause, b[4] - now) end
  end
end
if granted > 0 and #gates > 0 then
  granted, why = 1, 3
  for _, gate in ipairs(gates) do
    if gate.due == 'lease' then gate.b[1], gate.b[4] = 2, now + tonumber(ARGV[8]) end
    gate.b[7] = now
    write_breaker(KEYS[4], gate.scope, gate.b)
  end
end

for _, c in ipairs(counts) do
  if granted > 0 then add(c.marks, c.bucket, now, granted * c.cost) end
  if granted > 0 or c.moved > 0 then redis.call('HSET', this, c.field, cmsgpack.pack(c.marks)) end
end
if granted < wanted and purpose == 'open' then
  redis.call('SET', KEYS[7], string.format('%d', why), 'PX', 90000)
end
local breakers = redis.call('HGETALL', KEYS[4])
return {granted, pause, why, born, lost and 1 or 0, now, redis.call('HGETALL', KEYS[3]), breakers}
"""
)

# KEYS account even, account odd, born
# ARGV now, seen, age (as above), bucket, widest, windows, account ids joined by commas
# Returns now and, for each place in the list that must wait: place from 0, ms.
GRANT_ACCOUNTS: Final = (
    _CLOCK
    + _COUNTS
    + """
local now, age = clock(ARGV[1]), tonumber(ARGV[3])
local bucket, widest = tonumber(ARGV[4]), tonumber(ARGV[5])
local born, lost = began(KEYS[3], now, tonumber(ARGV[2]))
local rules, at = windows(6, now, born, lost)
local ids, order, place = {}, {}, {}
for id in string.gmatch(ARGV[at], '[^,]+') do
  ids[#ids + 1] = id
  if not place[id] then order[#order + 1] = id; place[id] = #order end
end
local this, last = books(KEYS[1], KEYS[2], now)
local news = redis.call('HMGET', this, unpack(order))
local olds = redis.call('HMGET', last, unpack(order))
-- most accounts were not seen lately: for them there is nothing to unpack, add up or pack
local open, fresh = true, cmsgpack.pack({math.floor(now / bucket), 1})
for _, w in ipairs(rules) do open = open and w.allowed > 0 end
local states, waits = {}, {now}
for i, id in ipairs(ids) do
  local k = place[id]
  local state = states[k]
  if state == nil and open and not news[k] and not olds[k] then
    states[k] = fresh
  else
    if type(state) ~= 'table' then
      state = kept(state or news[k] or olds[k], bucket, widest, now)
      states[k] = state
    end
    if age >= 0 then take_out(state, bucket, now - age, 1) end
    local pause = 0
    for _, w in ipairs(rules) do
      local excess = used(state, bucket, w.width, now) + 1 - w.allowed
      if excess > 0 then
        pause = math.max(pause, w.pause, wait(state, bucket, w.width, now, excess))
      end
    end
    if pause == 0 then
      add(state, bucket, now, 1)
    else
      waits[#waits + 1] = i - 1
      waits[#waits + 1] = pause
    end
  end
end
local writes = {}
for k, id in ipairs(order) do
  local state = states[k]
  writes[#writes + 1] = id
  writes[#writes + 1] = type(state) == 'table' and cmsgpack.pack(state) or state
end
redis.call('HSET', this, unpack(writes))
return waits
"""
)

# KEYS even, odd   ARGV now, age, fields × (field, bucket, widest, count)
# A positive count is what the venue says is used of the window that is ``widest`` wide: ours is
# raised to it. A negative one was granted ``age`` ago and not used.
CORRECT: Final = (
    _CLOCK
    + _COUNTS
    + """
local now = clock(ARGV[1])
local this, last = books(KEYS[1], KEYS[2], now)
for at = 3, #ARGV, 4 do
  local field, bucket, widest, count =
    ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local raw = redis.call('HGET', this, field) or redis.call('HGET', last, field)
  local marks = kept(raw, bucket, PERIOD, now)
  if count < 0 then
    take_out(marks, bucket, now - ARGV[2], -count)
  else
    local short = count - used(marks, bucket, widest, now)
    if short > 0 then add(marks, bucket, now, short) end
  end
  redis.call('HSET', this, field, cmsgpack.pack(marks))
end
return now
"""
)

# KEYS holds   ARGV now, fields × (field, ms; 0 lifts)   A longer hold is never made shorter.
HOLD: Final = (
    _CLOCK
    + """
local now, latest = clock(ARGV[1]), 0
for at = 2, #ARGV, 2 do
  if tonumber(ARGV[at + 1]) == 0 then
    redis.call('HDEL', KEYS[1], ARGV[at])
  else
    local before = tonumber(redis.call('HGET', KEYS[1], ARGV[at]) or 0)
    local till = math.max(before, now + ARGV[at + 1])
    redis.call('HSET', KEYS[1], ARGV[at], string.format('%d', till))
  end
end
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local till = tonumber(all[i + 1])
  if till <= now then redis.call('HDEL', KEYS[1], all[i]) else latest = math.max(latest, till) end
end
if latest > 0 then redis.call('PEXPIREAT', KEYS[1], string.format('%d', latest)) end
return now
"""
)

# KEYS breakers
# ARGV now, answered, failures after the last answer, maintenance, memory ms, cool-down ms,
#      longest cool-down ms, scopes × (scope, threshold)
# The cool-down carries its jitter already. Returns the scopes that opened now.
REPORT: Final = (
    _CLOCK
    + _BREAKERS
    + """
local now, answered, failures = clock(ARGV[1]), ARGV[2] == '1', tonumber(ARGV[3])
local maintenance, memory = ARGV[4] == '1', tonumber(ARGV[5])
local opened = {}
for at = 8, #ARGV, 2 do
  local scope = ARGV[at]
  local b = read_breaker(redis.call('HGET', KEYS[1], scope))
  if answered then b = {0, 0, 0, 0, 0, 0, 0} end
  if now - b[3] > memory and b[1] == 0 then b[2], b[3] = 0, now end
  b[2] = b[2] + failures
  local trip = b[1] == 0 and b[2] >= tonumber(ARGV[at + 1])
  if (maintenance and b[1] ~= 1) or trip or (b[1] == 2 and failures > 0) then
    b[4] = now + math.min(tonumber(ARGV[7]), ARGV[6] * 2 ^ math.min(b[5], 10))
    b[1], b[5], b[6] = 1, b[5] + 1, now
    opened[#opened + 1] = scope
  end
  if b[1] == 0 and b[2] == 0 then
    redis.call('HDEL', KEYS[1], scope)
  else
    write_breaker(KEYS[1], scope, b)
  end
end
return opened
"""
)

# KEYS ip even, ip odd   ARGV now, kinds × (kind, bucket, n, n × width)
# Returns field, used in each window of its kind, for every field.
USED: Final = (
    _CLOCK
    + _COUNTS
    + """
local now, kinds, found, done = clock(ARGV[1]), {}, {}, {}
local at = 2
while at <= #ARGV do
  local widths = {}
  for w = 1, tonumber(ARGV[at + 2]) do widths[w] = tonumber(ARGV[at + 2 + w]) end
  kinds[ARGV[at]] = {bucket = tonumber(ARGV[at + 1]), widths = widths}
  at = at + 3 + #widths
end
local this, last = books(KEYS[1], KEYS[2], now)
for _, key in ipairs({this, last}) do
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    local kind = kinds[string.match(all[i], '^(%a+)|')]
    if kind and not done[all[i]] then
      done[all[i]] = true
      local marks, sums = kept(all[i + 1], kind.bucket, PERIOD, now), {}
      for w, width in ipairs(kind.widths) do sums[w] = used(marks, kind.bucket, width, now) end
      found[#found + 1] = all[i]
      found[#found + 1] = sums
    end
  end
end
return found
"""
)
