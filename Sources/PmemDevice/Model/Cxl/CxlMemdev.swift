/// A CXL memory device, as drivers/cxl/core/memdev.c shows it: `/sys/bus/cxl/devices/memN`.
public struct CxlMemdev: Hashable, Sendable {
  /// Kernel name, `memN`; another one after the next boot, maybe.
  public var dev: String
  /// The device that it is a function of: a PCI address such as `0000:0d:00.0`; nil if it cannot be read.
  public var host: String?
  /// Of the device, forever (PCIe's Device Serial Number capability); nil if it cannot be read.
  public var serial: UInt64?
  /// Bytes of persistent memory; nil if unknown.
  public var pmemSize: ByteCount?
  /// Bytes of volatile memory; nil if unknown.
  public var ramSize: ByteCount?
  /// -1 if the platform does not say.
  public var numaNode: Int
  public var firmware: String?
  /// Bytes of the label storage area; nil if unknown, 0 if there is none.
  public var labelSize: ByteCount?
  /// `disabled`, `unlocked`, `locked`, `frozen`, `sanitize`; nil if the kernel does not say.
  public var security: String?
  /// Whether the driver cxl_mem is bound to it.
  public var isBound: Bool
  /// The DIMM that libnvdimm has for its persistent memory, `nmemN`, whose number is another one; nil if there is none.
  public var dimm: String?
  /// nil if no port of the CXL topology leads to it: none of its memory can be decoded.
  public var endpoint: CxlEndpoint?

  public init(
    dev: String, host: String? = nil, serial: UInt64? = nil, pmemSize: ByteCount? = nil,
    ramSize: ByteCount? = nil, numaNode: Int = -1, firmware: String? = nil, labelSize: ByteCount? = nil,
    security: String? = nil, isBound: Bool = true, dimm: String? = nil, endpoint: CxlEndpoint? = nil
  ) {
    self.dev = dev
    self.host = host
    self.serial = serial
    self.pmemSize = pmemSize
    self.ramSize = ramSize
    self.numaNode = numaNode
    self.firmware = firmware
    self.labelSize = labelSize
    self.security = security
    self.isBound = isBound
    self.dimm = dimm
    self.endpoint = endpoint
  }

  /// Its memory of a kind; nil if unknown.
  public func size(_ kind: CxlMemoryKind) -> ByteCount? { kind == .pmem ? pmemSize : ramSize }

  /// Its id as a DIMM: the serial number in decimal, as libnvdimm has it (drivers/cxl/pmem.c:id_show).
  public var id: String? { serial.map { "\($0)" } }
}

/// The persistence of memory.
public enum CxlMemoryKind: String, CaseIterable, Hashable, Sendable {
  /// Persistent.
  case pmem
  /// Volatile.
  case ram
}

/// The port of a memory device, which has its decoders.
public struct CxlEndpoint: Hashable, Sendable {
  /// Kernel name, `endpointN`.
  public var dev: String
  /// The path to it, from the root: `root0`, the host bridge's port, those of switches.
  public var ports: [String]
  /// By number.
  public var decoders: [CxlDecoder]
  /// The number by which windows have its host bridge among their targets (the _UID of ACPI0016); nil if unknown.
  public var target: Int?

  public init(dev: String, ports: [String] = [], decoders: [CxlDecoder] = [], target: Int? = nil) {
    self.dev = dev
    self.ports = ports
    self.decoders = decoders
    self.target = target
  }

  /// The decoders behind the last that belongs to a region. Memory that is allocated to one of them, as by a tool that failed,
  /// can be freed from the last on (hdm.c:cxl_dpa_free).
  public var freeDecoders: ArraySlice<CxlDecoder> {
    decoders[(decoders.lastIndex { $0.region != nil }.map { $0 + 1 } ?? 0)...]
  }

  /// The others: what they have, a new region cannot have.
  public var takenDecoders: ArraySlice<CxlDecoder> { decoders[..<freeDecoders.startIndex] }
}

/// A decoder of an endpoint: which part of the device's memory answers to which addresses.
public struct CxlDecoder: Hashable, Sendable {
  /// Kernel name, `decoderP.N`.
  public var dev: String
  /// nil if nothing is allocated to it, or if it is of no kind known here.
  public var kind: CxlMemoryKind?
  /// First byte in the device's own address space; nil if unknown or if nothing is allocated.
  public var dpaStart: UInt64?
  /// Bytes; nil if unknown.
  public var dpaSize: ByteCount?
  /// The region that it is a part of; nil if of none.
  public var region: String?

  public init(
    dev: String, kind: CxlMemoryKind? = nil, dpaStart: UInt64? = nil, dpaSize: ByteCount? = nil,
    region: String? = nil
  ) {
    self.dev = dev
    self.kind = kind
    self.dpaStart = dpaStart
    self.dpaSize = dpaSize
    self.region = region
  }
}
