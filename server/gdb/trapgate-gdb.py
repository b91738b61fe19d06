"""What gdb needs to follow a guest through 16-bit code: source it once, before or after `target remote`.

gdb reads the description of the registers, and with it how to disassemble, only when it connects. The stub
serves it by CS.D at that moment; this re-reads it whenever code of the other width is met. In 16-bit code
the stub shows pc and sp as linear addresses; $eip_offset and $esp_offset are the registers themselves.

  $at(0x7c0, 0x12)      linear address of a segment:offset pair      break *$at(0x7c0, 0x12)
  $at("07c0:0012")      the same, as people write it; also "cs:12"   x/4i $at("cs:12")
  $where()              where the guest is, as segment:offset
  trapgate-over         runs over the INT (or CALL, REP, LOOP) at pc
  trapgate-sync         re-reads the description now
"""

import gdb

CODE_32 = 0x400000  # D bit in the access word of a segment


def register(name):
    return int(gdb.parse_and_eval("(unsigned int) $" + name))


def is_ours():
    """True when the program being debugged has the registers of our stub."""
    try:
        register("cs_access")
        return True
    except (gdb.error, ValueError):
        return False


def code_is_16_bit():
    return register("cs_access") & CODE_32 == 0


def shown_as_16_bit():
    return gdb.newest_frame().architecture().name() == "i8086"


def synchronise():
    """Makes gdb read the description again when the code's width is not the one it disassembles."""
    narrow = code_is_16_bit()
    if narrow == shown_as_16_bit():
        return False
    gdb.execute("unset tdesc filename", to_string=True)
    # An ELF file that is loaded says i386, which gdb prefers to a description that says i8086, unless told so.
    if narrow != shown_as_16_bit():
        gdb.execute("set architecture " + ("i8086" if narrow else "auto"), to_string=True)
    return True


def place():
    return "%04x:%04x" % (register("cs"), register("eip_offset"))


def on_stop(event):
    try:
        if not is_ours():
            return
        synchronise()
        if code_is_16_bit():
            gdb.write("[%s]\n" % place())
    except gdb.error:
        # The guest is gone, or the connection: gdb itself says so.
        pass


def linear(segment, offset):
    """@param segment a number, or the name of a segment register, whose base counts then"""
    if isinstance(segment, str):
        name = segment.strip().lower()
        if name in ("cs", "ds", "es", "fs", "gs", "ss"):
            return (register(name + "_base") + offset) & 0xFFFFFFFF
        segment = int(name, 16)
    return ((segment & 0xFFFF) * 16 + offset) & 0xFFFFFFFF


class At(gdb.Function):
    """$at(SEGMENT, OFFSET) or $at("SEGMENT:OFFSET"): the linear address of a real-mode pair."""

    def __init__(self):
        super().__init__("at")

    def invoke(self, *arguments):
        if len(arguments) == 2:
            return linear(int(arguments[0]), int(arguments[1]))
        if len(arguments) != 1:
            raise gdb.GdbError('usage: $at(SEGMENT, OFFSET) or $at("SEGMENT:OFFSET")')
        segment, colon, offset = arguments[0].string().partition(":")
        try:
            if not colon:
                raise ValueError
            return linear(segment, int(offset, 16))
        except ValueError:
            raise gdb.GdbError('expected "SEGMENT:OFFSET" in hexadecimal, or a segment register: "cs:12"')


class Where(gdb.Function):
    """$where(): the place of the next instruction as segment:offset."""

    def __init__(self):
        super().__init__("where")

    def invoke(self):
        return place()


class Sync(gdb.Command):
    """Read the register description again, so that gdb disassembles what the processor executes."""

    def __init__(self):
        super().__init__("trapgate-sync", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        changed = synchronise()
        kind = "16-bit" if code_is_16_bit() else "32-bit"
        gdb.write("%s code at %s%s\n" % (kind, place(), "" if changed else " (nothing to change)"))


class Over(gdb.Command):
    """Run to the instruction behind this one: over an INT, a REP, a LOOP or a CALL."""

    def __init__(self):
        super().__init__("trapgate-over", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        frame = gdb.newest_frame()
        length = frame.architecture().disassemble(frame.pc())[0]["length"]
        gdb.execute("advance *0x%x" % (frame.pc() + length))


At()
Where()
Sync()
Over()
gdb.events.stop.connect(on_stop)
