# lab1-interrupts: reading order = link order = boot order.
objs += gdt.o			# the CPU's tables of segments
objs += descriptors.o		# exercise 1.1: segments and the TSS
objs += load_tables.o		# ... told to the CPU
objs += idt.o			# the table of gates
objs += vectors.o		# exercise 1.2: gates and 256 entries
objs += stacks.o		# stacks with guard pages
objs += ist.o			# exercise 1.5: the double fault's own stack
objs += interrupt.o		# handlers by vector
objs += dispatch.o		# exercise 1.3: which handler, and error codes
objs += exception.o		# what becomes of an exception
objs += exception_words.o	# ... in words
objs += exception_operand.o	# ... what an instruction touched
objs += exception_caller.o	# ... who called, where there is no frame
objs += exception_report.o	# ... as a panic
objs += page_fault.o		# exercise 1.4: why a page fault happened
objs += exception_table.o	# exercise 1.9: faults that are expected
objs += safe_access.o		# memory that may not be there
objs += nmi.o			# interrupts that cannot be turned off
objs += machine_check.o		# errors of the hardware
objs += fault_command.o		# any exception, on purpose
objs += acpi_list.o		# from a root pointer to checked tables
objs += acpi.o			# the firmware's tables
objs += madt_parse.o		# the table of interrupt controllers, taken apart
objs += madt.o			# ... this machine's
objs += x2apic.o		# the CPU's own controller by MSRs
objs += lapic.o			# ... set up, spoken to
objs += ioapic.o		# lines into it
objs += apic_chip.o		# ... as a controller
objs += pic.o			# exercise 1.6: the 8259 pair
objs += pic_chip.o		# ... as a controller
objs += irqchip.o		# lines, whichever controller
objs += clock.o			# what time it is
objs += tsc.o			# by the time-stamp counter
objs += hpet.o			# by the HPET
objs += pit.o			# exercise 1.7: the interval timer
objs += pit_clock.o		# ... as a clock and an alarm
objs += calendar.o		# dates
objs += cmos.o			# ... from the clock with the battery
objs += event.o			# alarms, whichever device
objs += lapic_timer.o		# the CPU's own alarm
objs += timer_queue.o		# exercise 1.8: who is next
objs += timer.o			# call me at that time
objs += serial_irq.o		# the serial line by interrupt
objs += idle.o			# sleep until something comes

# Built for the machine that builds, too, with sanitizers: what touches no
# hardware, and its tests.
host_objs += descriptors.o
host_objs += acpi_list.o madt_parse.o x2apic.o
host_objs += page_fault.o exception_table.o exception_words.o \
	exception_operand.o
host_objs += timer_queue.o calendar.o
host_tests += segments_test.o
host_tests += acpi_test.o madt_test.o x2apic_test.o
host_tests += page_fault_test.o exception_table_test.o exception_words_test.o
host_tests += timer_queue_test.o calendar_test.o

# Fuzzed: tests/NAME_fuzz.c with the objects above.
fuzz += acpi
fuzz += page_fault exception_table exception_operand
fuzz += timer_queue
