# lab0-boot: reading order = link order = boot order.
objs += entry.o			# the first instructions, for all three doors
objs += entry_high.o		# the first at the kernel's own addresses
objs += long_mode.o		# exercise 0.5: 32 -> 64 bit
objs += early_paging.o		# the image's rights
objs += boot.o			# the first C function, the boot steps
objs += todo.o			# stubs of unwritten exercises
objs += verdict.o		# the line to the grader
objs += errno.o			# error numbers in words
objs += string.o		# memory and strings
objs += glob.o			# names that match patterns
objs += rbtree.o		# balanced trees
objs += ring.o			# byte rings
objs += bitmap.o		# bits in a row
objs += lockrank.o		# the order of locks, checked
objs += spinlock.o		# locks that spin
objs += sleeplock.o		# locks that sleep, from lab 3 on
objs += choice.o			# the best candidate for a job
objs += random.o		# repeatable random numbers
objs += option.o		# boot options
objs += format.o		# exercise 0.2: numbers and strings
objs += printk.o		# the format parser, printk
objs += log.o			# what was said
objs += log_console.o		# ... shown on the consoles
objs += ubsan.o			# undefined behaviour, reported
objs += multiboot2.o		# facts from GRUB and our loader
objs += pvh.o			# facts from QEMU's -kernel
objs += fwcfg.o			# QEMU's configuration files
objs += bootfacts.o		# the facts, whoever told them
objs += bootfacts_parts.o	# ... what the parsers share
objs += bootfacts_report.o	# ... as text
objs += uart.o			# exercise 0.1: the serial port
objs += serial_console.o	# ... as a console
objs += vga.o			# exercise 0.3: text mode
objs += vga_console.o		# ... as a console
objs += font.o			# 8x16 glyphs
objs += fbcon.o			# text on a framebuffer
objs += console.o		# all consoles as one
objs += symbols.o		# names of code addresses
objs += backtrace.o		# exercise 0.4: who called whom
objs += stack_trace.o		# ... as text
objs += panic_capture.o		# registers at a panic
objs += panic_record.o		# a panic for the grader
objs += panic.o			# the end, with reasons
objs += power.o			# off and again
objs += idle.o			# nothing to do
objs += line_editor.o		# typing a line
objs += monitor.o		# the prompt
objs += monitor_commands.o	# ... and what it knows
objs += monitor_memory.o	# ... peek and poke
objs += ktest.o			# runs tests
objs += bench.o			# runs figures

# Our boot loader's second stage, 32-bit: link order; stage2.o is at its start.
loader_objs += stage2.o			# 16-bit start, BIOS calls
loader_objs += protected.o		# exercise 0.7: A20, protected mode
loader_objs += loader_main.o		# the steps, in order
loader_objs += report.o			# what went wrong, on screen and COM1
loader_objs += disk.o			# sectors by INT 13h
loader_objs += kernel_file.o		# the kernel's partition
loader_objs += e820.o			# exercise 0.8: the memory map
loader_objs += memory.o			# where there is room
loader_objs += elf.o			# exercise 0.9: ELF64 segments
loader_objs += multiboot2_header.o	# what the kernel asks for
loader_objs += multiboot2_tags.o	# what it is told
loader_objs += rsdp.o			# where ACPI's tables start
loader_objs += crc32.o			# is the file whole?
loader_objs += string.o			# memory and strings, 32-bit
loader_objs += todo.o			# stubs of unwritten exercises

# Built for the machine that builds, too, with sanitizers: what touches no
# hardware, the tests of it, and below them what stands in for the hardware.
host_objs += todo.o errno.o string.o glob.o rbtree.o ring.o bitmap.o
host_objs += lockrank.o spinlock.o sleeplock.o choice.o random.o option.o
host_objs += format.o printk.o log.o log_console.o console.o
host_objs += multiboot2.o pvh.o bootfacts_parts.o bootfacts_report.o
host_objs += symbols.o backtrace.o line_editor.o ktest.o
host_tests += string_test.o list_test.o rbtree_test.o ring_test.o bitmap_test.o
host_tests += lock_test.o joints_test.o random_test.o option_test.o
host_tests += format_test.o printk_test.o log_test.o boot_parsers_test.o
host_tests += backtrace_test.o line_editor_test.o
host_skip += the_canary_is_set		# entry.asm sets it
host_machine += machine.o

# Fuzzed: tests/NAME_fuzz.c with the objects above, ...
fuzz += multiboot2 pvh option printk format text line_editor
# ... loader/tests/NAME_fuzz.c with these.
loader_host_objs += elf.o memory.o e820.o multiboot2_header.o string.o todo.o
loader_host_machine += loader_machine.o
loader_fuzz += elf header e820
