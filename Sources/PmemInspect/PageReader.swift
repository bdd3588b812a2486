import CPmemBPF
import Glibc
import PmemDevice
import SystemPackage

/// Reads the reference counts of persistent memory's pages from the kernel's memory map.
///
/// It takes no reference and changes nothing. A page that nobody uses has the count that its kernel gives it: 1, or 0
/// for fsdax since 6.15; tails of compound pages have 0. What is more, or negative, is somebody's.
final class PageReader {
  private let reader: OpaquePointer
  private let layout: (size: Int, refcount: Int)
  private let memoryMap: UInt64

  /// Why pages cannot be read.
  struct Unavailable: Error {
    let reason: String
  }

  init(roots: HostRoots) throws(Unavailable) {
    #if !arch(x86_64)
      throw Unavailable(reason: "it is only known how on x86-64")
    #endif
    guard let btf = KernelFile.read(roots.sys.appending("kernel/btf/vmlinux")),
      let page = BTFText(btf).structure("page", members: ["_refcount"]), page.size > 0, page.size <= 256
    else { throw Unavailable(reason: "the kernel does not describe its types (CONFIG_DEBUG_INFO_BTF)") }
    var error: Int32 = 0
    guard let opened = CPmem_reader_open(&error) else {
      throw Unavailable(reason: "bpf(2) is refused: \(String(cString: strerror(error)))")
    }
    reader = opened
    layout = (page.size, page.offsets[0])
    do throws(Unavailable) {
      memoryMap = try Self.memoryMap(opened, roots)
    } catch {
      CPmem_reader_close(opened)
      throw error
    }
  }

  deinit { CPmem_reader_close(reader) }

  /// Where struct pages begin: the variable `vmemmap_base`, which the kernel sets when it boots
  /// (arch/x86/kernel/head64.c, arch/x86/mm/kaslr.c).
  private static func memoryMap(_ reader: OpaquePointer, _ roots: HostRoots) throws(Unavailable) -> UInt64 {
    guard let symbols = KernelFile.read(roots.proc.appending("kallsyms")) else {
      throw Unavailable(reason: "/proc/kallsyms cannot be read")
    }
    let wanted = Array(" vmemmap_base\n".utf8)
    var address: UInt64 = 0
    symbols.withUnsafeBytes { text in
      guard let base = text.baseAddress else { return }
      let end = Int(CPmem_find(base, UInt64(text.count), wanted, UInt64(wanted.count)))
      guard end >= 0 else { return }
      let line = text[..<end].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
      address = UInt64(String(decoding: text[line..<end].prefix(16), as: UTF8.self), radix: 16) ?? 0
    }
    guard address != 0 else {
      throw Unavailable(reason: "the kernel hides its addresses (kernel.kptr_restrict)")
    }
    guard CPmem_reader_read(reader, address, 8) == 0 else {
      throw Unavailable(reason: "the kernel's memory cannot be read")
    }
    return CPmem_reader_data(reader).loadUnaligned(as: UInt64.self)
  }

  /// How many pages of a physical range somebody has a reference to beyond what its kernel gives every page.
  ///
  /// - Parameters:
  ///   - range: Physical addresses, multiples of the page size.
  ///   - idle: The count of an unused page.
  /// - Returns: nil where the range has no pages, or they went away meanwhile.
  func referencedPages(in range: Range<UInt64>, idle: Int32) -> Int? {
    var found = 0
    var frame = range.lowerBound / 4096
    let last = range.upperBound / 4096
    while frame < last {
      let count = min(UInt64(Int(CPmem_reader_chunk) / layout.size), last - frame)
      let bytes = Int(count) * layout.size
      let address = memoryMap &+ frame &* UInt64(layout.size)
      guard CPmem_reader_read(reader, address, UInt32(bytes)) == 0 else { return nil }
      let data = UnsafeRawBufferPointer(start: CPmem_reader_data(reader), count: bytes)
      for page in 0..<Int(count) {
        let references = data.loadUnaligned(
          fromByteOffset: page * layout.size + layout.refcount, as: Int32.self)
        if references != 0, references != idle { found += 1 }
      }
      frame += count
    }
    return found
  }
}
