"""Run by gdb: each condition of the file named in $conditions is a breakpoint's condition at `here`.

It is evaluated by the stub; where execution stops says what it found. gdb then evaluates the same
expression on the same state by itself. Prints what differs, and how many agreed.
"""
import gdb

gdb.execute("set breakpoint condition-evaluation target")
print(gdb.execute("show breakpoint condition-evaluation", to_string=True))
gdb.execute("break *&after")
after = int(gdb.parse_and_eval("(unsigned)&after"))
agreed = truths = 0
for line in open(gdb.convenience_variable("conditions").string()):
    expression = line.strip()
    point = gdb.Breakpoint("*&here", internal=True)
    point.silent = True
    point.condition = expression
    gdb.execute("continue", to_string=True)
    stopped = int(gdb.parse_and_eval("(unsigned)$eip")) != after
    # One instruction behind `here` only the place differs.
    if not stopped:
        gdb.execute("set var $eip = (unsigned)&here")
    expected = int(gdb.parse_and_eval("(" + expression + ") != 0")) != 0
    if not stopped:
        gdb.execute("set var $eip = (unsigned)&after")
    if stopped == expected:
        agreed += 1
        truths += expected
    else:
        print("DIFFERS", expression, "stub", stopped, "gdb", expected)
    point.delete()
    if stopped:
        gdb.execute("continue", to_string=True)
print("AGREED", agreed, "TRUE", truths)
