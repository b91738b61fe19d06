"""For gdb: `frame-types` lists the variables that the selected frame's function has here, `name :: type`."""

import gdb


class FrameTypes(gdb.Command):
    def __init__(self):
        super().__init__("frame-types", gdb.COMMAND_USER)

    def invoke(self, argument, from_tty):
        try:
            block = gdb.selected_frame().block()
        except RuntimeError:
            return
        while block is not None:
            for symbol in block:
                if symbol.is_argument or symbol.is_variable or symbol.is_constant:
                    print("%s :: %s" % (symbol.name, symbol.type))
            if block.function is not None:
                return
            block = block.superblock


FrameTypes()
