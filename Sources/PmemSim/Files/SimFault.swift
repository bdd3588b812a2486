import PmemDevice

/// A refusal of libnvdimm's is one of the kernel's.
typealias SimFault = KernelRefusal
