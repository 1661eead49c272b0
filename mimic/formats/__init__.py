"""How times are written where no template says otherwise, in the console above all: to the second,
with their zone, the same in every language. Everything else is as the language has it.
"""
