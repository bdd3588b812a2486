import PmemDevice

/// Counts 1 GiB page table entries by reading the tables themselves, as the kernel has them in its memory.
///
/// Asking through /proc/PID/pagemap or smaps would take such an entry apart: mm/pagewalk.c:walk_pud_range splits it.
struct PUDMappings {
  private let memory: KernelMemory
  private let root: UInt64
  /// The start of the direct mapping of physical memory.
  private let direct: UInt64
  private let hasFiveLevels: Bool

  /// - Throws: Why the tables cannot be read here.
  init(_ types: KernelTypes) throws(Unavailable) {
    memory = try KernelMemory()
    guard let offset = types.offset("mm_struct", "pgd") else {
      throw Unavailable("this kernel has no mm_struct.pgd")
    }
    root = UInt64(offset)
    direct = try memory.variable("page_offset_base", else: 0xffff_8880_0000_0000)
    // arch/x86/include/asm/pgtable_64_types.h: 48 if the tables have five levels.
    hasFiveLevels =
      (try? memory.variable("pgdir_shift")).map { UInt32(truncatingIfNeeded: $0) == 48 } ?? false
  }

  private static let size: UInt64 = 1 << 30

  /// How many bytes of a range of addresses have entries of 1 GiB.
  ///
  /// - Parameters:
  ///   - space: The kernel's address of the mm_struct.
  ///   - range: Multiples of 1 GiB.
  /// - Returns: nil if the tables cannot be read.
  func populated(_ space: UInt64, _ range: Range<UInt64>) -> UInt64? {
    guard let top = memory.word(space + root) else { return nil }
    var bytes: UInt64 = 0
    var address = range.lowerBound
    while address < range.upperBound {
      if isMapped(address, top) { bytes += Self.size }
      address += Self.size
    }
    return bytes
  }

  private func isMapped(_ address: UInt64, _ top: UInt64) -> Bool {
    var table = top
    for shift in hasFiveLevels ? [48, 39] as [UInt64] : [39] {
      guard let entry = entry(of: table, address >> shift), entry & Self.present != 0 else { return false }
      table = direct &+ (entry & Self.frame)
    }
    guard let entry = entry(of: table, address >> 30) else { return false }
    return entry & Self.present != 0 && entry & Self.isLarge != 0
  }

  private func entry(of table: UInt64, _ index: UInt64) -> UInt64? { memory.word(table &+ (index & 511) * 8) }

  /// arch/x86/include/asm/pgtable_types.h: _PAGE_PRESENT, _PAGE_PSE; and the address in an entry.
  private static let present: UInt64 = 1
  private static let isLarge: UInt64 = 1 << 7
  private static let frame: UInt64 = 0x000f_ffff_ffff_f000
}
