"""Master accounts: what their owners trade becomes what a strategy says.

Who may be one is :mod:`.connecting`. What its stream, or asking after a gap, booked as the person's
own is gathered in the same transaction (:mod:`.gather`), joined and judged (:mod:`.moves`) and told
to the door (:mod:`.mirror`).
"""
