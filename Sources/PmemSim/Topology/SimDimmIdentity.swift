/// The manufacturer's data of a DIMM, from which its id and the cookies of its interleave sets are computed (ACPI
/// "NVDIMM Control Region Structure").
public struct SimDimmIdentity: Hashable, Sendable {
  /// As in the table, read little-endian.
  public var vendor: UInt16
  /// As in the table, read little-endian.
  public var serial: UInt32
  /// Date and location of manufacture, as they are in the table; nil if it marks them as invalid.
  public var manufacture: Manufacture?

  /// Date and location of manufacture.
  public struct Manufacture: Hashable, Sendable {
    /// Week and year in BCD.
    public var date: UInt16
    /// The vendor's own number.
    public var location: UInt8
  }

  public init(vendor: UInt16, serial: UInt32, manufacture: Manufacture? = nil) {
    self.vendor = vendor
    self.serial = serial
    self.manufacture = manufacture
  }

  /// The identity that QEMU gives to the DIMM in a slot (hw/acpi/nvdimm.c).
  public static func qemu(slot: Int) -> SimDimmIdentity {
    SimDimmIdentity(vendor: 0x8086, serial: 0x12_3456 + UInt32(slot))
  }

  /// Parses an id as Linux formats it: `8680-56341200`, or `8089-a2-1740-00000a12` with location and date
  /// (drivers/acpi/nfit/core.c:acpi_nfit_add_dimm: each number byte-swapped). nil for any other.
  public init?(_ text: String) {
    let words = text.split(separator: "-", omittingEmptySubsequences: false)
    let numbers = words.compactMap { UInt32($0, radix: 16) }
    guard numbers.count == words.count, [[4, 8], [4, 2, 4, 8]].contains(words.map(\.count)) else {
      return nil
    }
    vendor = UInt16(numbers[0]).byteSwapped
    serial = numbers[numbers.count - 1].byteSwapped
    guard numbers.count == 4 else { return }
    manufacture = Manufacture(date: UInt16(numbers[2]).byteSwapped, location: UInt8(numbers[1]))
  }

  /// The id as Linux writes it.
  public var text: String {
    let made = manufacture.map { [Self.hex($0.location), Self.hex($0.date.byteSwapped)] } ?? []
    return ([Self.hex(vendor.byteSwapped)] + made + [Self.hex(serial.byteSwapped)]).joined(separator: "-")
  }

  private static func hex<Number: FixedWidthInteger>(_ value: Number) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: Number.bitWidth / 4 - text.count) + text
  }
}
