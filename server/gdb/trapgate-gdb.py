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

import re

import gdb
from gdb.unwinder import Unwinder, register_unwinder

ROM = range(0xF0000, 0x100000)  # the firmware; DOS and others have code right behind it
FRAME_MAKERS = (b"\x55\x89\xe5", b"\x55\x8b\xec")  # push bp; mov bp, sp
SEGMENTS = ("cs", "ds", "es", "fs", "gs", "ss")
# What an outer frame sees as the inner one does: a register that an unwinder does not name is unknown to gdb.
KEPT = ("eip", "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "eflags") + SEGMENTS + tuple(s + "_base" for s in SEGMENTS)
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


announced = set()


def announce():
    """Tells the stub that it need not point at this script."""
    connection = getattr(gdb.selected_inferior(), "connection_num", None)
    if connection not in announced:
        announced.add(connection)
        gdb.execute("monitor gdb-script loaded", to_string=True)


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
        announce()
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
        if name in SEGMENTS:
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


class FrameId:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


class Unwinder16(Unwinder):
    """Callers of 16-bit code: gdb's own unwinders take return addresses to be 32 bits wide.

    A return address surely lies on top of the stack at the entry of the firmware (with CS and flags, an INT came)
    and of a function, and above the saved BP where a function has made its frame. C, whose compilers make 32-bit
    frames in 16-bit code, is left to gdb.
    """

    def __init__(self):
        super().__init__("trapgate-16-bit")

    def __call__(self, frame):
        if frame.architecture().name() != "i8086":
            return None
        pc, sp, bp = (int(frame.read_register(name)) & 0xFFFFFFFF for name in ("eip", "esp", "ebp"))
        if is_c(pc):
            return None
        start = function_start(pc)
        ss_base, cs_base = (int(frame.read_register(name)) for name in ("ss_base", "cs_base"))
        if pc in ROM:
            base = word(sp + 2) * 16
            return unwound(frame, sp, pc, {"eip": base + word(sp), "esp": sp + 6, "cs_base": base})
        if start is not None and bytes_at(start, 3) in FRAME_MAKERS and pc >= start + 3:
            slot = (ss_base + (bp & 0xFFFF)) & 0xFFFFFFFF
            return unwound(frame, slot, start, {"eip": cs_base + word(slot + 2), "esp": slot + 4, "ebp": word(slot)})
        if start == pc and was_called(cs_base + word(sp), pc):
            return unwound(frame, sp, start, {"eip": cs_base + word(sp), "esp": sp + 2})
        # Nobody knows its caller: one that equals itself ends the chain, and `next` can tell it from other frames.
        return unwound(frame, sp, pc if start is None else start, {})


def unwound(frame, sp, start, caller):
    """What gdb is told: the frame's identity, and its caller's registers as far as they are not the same."""
    registers = {name: frame.read_register(name) for name in KEPT}
    unsigned = registers["cs_base"].type
    registers.update((name, gdb.Value(number & 0xFFFFFFFF).cast(unsigned)) for name, number in caller.items())
    info = frame.create_unwind_info(FrameId(gdb.Value(sp).cast(unsigned), gdb.Value(start).cast(unsigned)))
    for name, value in registers.items():
        info.add_saved_register(name, value)
    return info


def bytes_at(address, length):
    return bytes(gdb.selected_inferior().read_memory(address, length))


def word(address):
    return int.from_bytes(bytes_at(address, 2), "little")


def was_called(back, pc):
    """Whether the instruction before `back` is a near call, and one of `pc` when it says so."""
    before = bytes_at(back - 3, 3) if back >= 3 else b"\0\0\0"
    if before[0] == 0xE8:
        return (back + int.from_bytes(before[1:], "little") - pc) & 0xFFFF == 0
    return before[1] == 0xFF and before[2] & 0x38 == 0x10


def function_start(pc):
    """Where the symbol that covers `pc` begins, or None."""
    match = re.match(r"(.*?)(?: \+ (\d+))? in section", gdb.execute("info symbol 0x%x" % pc, to_string=True))
    return None if match is None else pc - int(match.group(2) or 0)


def is_c(pc):
    symtab = gdb.find_pc_line(pc).symtab
    return symtab is not None and not symtab.filename.lower().endswith((".s", ".asm", ".nasm", ".inc"))


At()
Where()
Sync()
Over()
register_unwinder(None, Unwinder16(), replace=True)
gdb.events.stop.connect(on_stop)
