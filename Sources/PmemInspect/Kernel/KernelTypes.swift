import CPmemBPF
import SystemPackage

/// The kernel's type information (/sys/kernel/btf/vmlinux; Documentation/bpf/btf.rst), as far as it is needed: offsets
/// of members, ids of structures and functions, values of enumerators.
///
/// Damaged bytes give answers that are nil, never a crash.
struct KernelTypes {
  private let bytes: [UInt8]
  private let strings: Int
  /// By type id; the first is void.
  private let records: [UInt32]
  private var structures: [String: UInt32] = [:]
  private var functions: [String: UInt32] = [:]
  private var enumerations: [String: Int] = [:]

  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - names: The structures and enumerations that will be asked about, of four bytes at least, as functions are.
  ///   - functionNames: The functions.
  init?(_ bytes: [UInt8], structures names: [String], functions functionNames: [String] = []) {
    self.bytes = bytes
    guard bytes.count >= 24, Self.word(bytes, 0) & 0xffff == 0xeb9f else { return nil }
    let header = Int(Self.word(bytes, 4))
    strings = header + Int(Self.word(bytes, 16))
    let first = header + Int(Self.word(bytes, 8))
    let end = min(first + Int(Self.word(bytes, 12)), bytes.count)
    var records: [UInt32] = [0]
    records.reserveCapacity(1 << 18)
    var named: [(kind: Kind, name: String, id: Int)] = []
    let strings = strings
    let isGood = bytes.withUnsafeBytes { text in
      // Some hundred thousand types, of which a dozen are wanted: nothing is made of the others.
      let wanted = Self.beginnings(names + functionNames)
      var record = first
      while record + 12 <= end {
        let info = text.loadUnaligned(fromByteOffset: record + 4, as: UInt32.self)
        if let kind = Kind(rawValue: info >> 24 & 0x1f), kind.isAskedFor {
          let name = strings &+ Int(text.loadUnaligned(fromByteOffset: record, as: UInt32.self))
          if name > 0, name + 4 <= text.count,
            wanted[Self.mark(text.loadUnaligned(fromByteOffset: name, as: UInt32.self))]
          {
            let choices = kind == .function ? functionNames : names
            if let found = Self.match(text, name, choices) { named.append((kind, found, records.count)) }
          }
        }
        records.append(UInt32(truncatingIfNeeded: record))
        guard let size = Self.size(info) else { return false }
        record += size
      }
      return true
    }
    guard isGood else { return nil }
    self.records = records
    for (kind, name, id) in named {
      switch kind {
      case .structure: structures[name] = UInt32(id)
      case .enumeration: enumerations[name] = Int(records[id])
      case .function: functions[name] = UInt32(id)
      case .union, .name, .volatile, .constant: break
      }
    }
  }

  /// Marks of the beginnings of names, which are four bytes at least: hardly any other has one of these.
  private static func beginnings(_ names: [String]) -> [Bool] {
    var found = [Bool](repeating: false, count: marks)
    for name in names {
      found[mark(name.utf8.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) })] = true
    }
    return found
  }

  private static let marks = 1 << 12

  private static func mark(_ beginning: UInt32) -> Int { Int((beginning &* 0x9e37_79b1) >> 20) }

  // MARK: Questions

  /// The size of a structure, bytes.
  func size(_ structure: String) -> Int? {
    structures[structure].map { Int(word(Int(records[Int($0)]) + 8)) }
  }

  /// The offset of a member of a structure, bytes; members of nameless structures and unions inside it are its own.
  ///
  /// - Parameters:
  ///   - structure: The structure.
  ///   - path: The member, then a member of what that is, and so on.
  /// - Returns: nil if there is no such member, or it is not a structure that has the next.
  func offset(_ structure: String, _ path: String...) -> Int? {
    guard var type = structures[structure] else { return nil }
    var bits = 0
    for member in path {
      guard let record = composite(type), let found = find(member, in: record, depth: 0) else { return nil }
      bits += found.bits
      type = found.type
    }
    return bits / 8
  }

  /// The id of a structure.
  func structure(_ name: String) -> UInt32? { structures[name] }

  /// The id of a function.
  func function(_ name: String) -> UInt32? { functions[name] }

  /// The value of an enumerator of a named enumeration.
  func value(_ enumeration: String, _ name: String) -> Int? {
    guard let record = enumerations[enumeration] else { return nil }
    for index in 0..<Int(word(record + 4) & 0xffff)
    where match(strings + Int(word(record + 12 + 8 * index)), [name]) != nil {
      return Int(word(record + 12 + 8 * index + 4))
    }
    return nil
  }

  private func find(_ member: String, in record: Int, depth: Int) -> (bits: Int, type: UInt32)? {
    let info = word(record + 4)
    let hasFieldSizes = info >> 31 != 0
    guard depth < 8 else { return nil }
    for index in 0..<Int(info & 0xffff) {
      let entry = record + 12 + 12 * index
      let offset = word(entry + 8)
      let own = Int(hasFieldSizes ? offset & 0xff_ffff : offset)
      let type = word(entry + 4)
      if word(entry) != 0 {
        if match(strings + Int(word(entry)), [member]) != nil { return (own, type) }
      } else if let inner = composite(type), let found = find(member, in: inner, depth: depth + 1) {
        return (own + found.bits, found.type)
      }
    }
    return nil
  }

  /// The structure or union of a type, resolved through its aliases; nil for another kind of type.
  private func composite(_ type: UInt32) -> Int? {
    var type = type
    for _ in 0..<8 {
      guard type != 0, Int(type) < records.count else { return nil }
      let record = Int(records[Int(type)])
      switch Kind(rawValue: word(record + 4) >> 24 & 0x1f) {
      case .structure, .union: return record
      case .name, .volatile, .constant: type = word(record + 8)
      case .enumeration, .function, nil: return nil
      }
    }
    return nil
  }

  // MARK: The format

  private enum Kind: UInt32 {
    case structure = 4
    case union = 5
    case enumeration = 6
    case name = 8
    case volatile = 9
    case constant = 10
    case function = 12

    var isAskedFor: Bool {
      switch self {
      case .structure, .enumeration, .function: true
      case .union, .name, .volatile, .constant: false
      }
    }
  }

  /// Of a type, all of it; nil for a kind that is not known.
  private static func size(_ info: UInt32) -> Int? {
    let count = Int(info & 0xffff)
    switch info >> 24 & 0x1f {
    // Integer, variable, declaration tag.
    case 1, 14, 17: return 16
    // Pointer, forward, typedef, qualifiers, function, float, type tag.
    case 2, 7, 8, 9, 10, 11, 12, 16, 18: return 12
    // Array.
    case 3: return 24
    // Structure, union, data section, 64-bit enumeration.
    case 4, 5, 15, 19: return 12 + 12 * count
    // Enumeration, prototype.
    case 6, 13: return 12 + 8 * count
    default: return nil
    }
  }

  private func word(_ offset: Int) -> UInt32 { Self.word(bytes, offset) }

  private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
    guard offset >= 0, offset + 4 <= bytes.count else { return 0 }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
  }

  /// Which of some names is written at an offset.
  private func match(_ offset: Int, _ names: [String]) -> String? {
    bytes.withUnsafeBytes { Self.match($0, offset, names) }
  }

  private static func match(_ text: UnsafeRawBufferPointer, _ offset: Int, _ names: [String]) -> String? {
    names.first { name in
      var position = offset
      for byte in name.utf8 {
        guard position >= 0, position < text.count, text[position] == byte else { return false }
        position += 1
      }
      return position < text.count && text[position] == 0
    }
  }
}

/// This kernel's types, read when they are first asked for and then kept: the description is some MiB.
final class KernelTypeSource {
  private let roots: HostRoots
  private var found: KernelTypes?
  /// Programs that were loaded into this kernel by these types.
  let programs = LoadedPrograms()

  /// The types that readers of the kernel's memory follow: owners of pages, page tables, counts of openers.
  private static let lookedInto = [
    "dentry", "qstr", "bdev_inode", "block_device", "cdev", "kobject", "kref", "refcount_struct",
  ]

  init(_ roots: HostRoots) { self.roots = roots }

  /// - Throws: If the kernel does not describe its types.
  func types() throws(Unavailable) -> KernelTypes {
    if let found { return found }
    guard let bytes = description ?? KernelFile.read(roots.sys.appending("kernel/btf/vmlinux")),
      let types = KernelTypes(
        bytes,
        structures: FileUserIterator.structures + MappingTree.structures + PageLayout.structures
          + Self.lookedInto,
        functions: FileUserIterator.functions + MappingTree.functions)
    else { throw .noTypes }
    found = types
    return types
  }

  /// nil if bpf(2) does not return it: to users other than root, or on another host.
  private var description: [UInt8]? {
    let size = roots.isLive ? CPmem_kernel_types(nil, 0) : 0
    guard size > 0 else { return nil }
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
      count = CPmem_kernel_types(buffer.baseAddress, UInt32(size)) == size ? Int(size) : 0
    }
    return bytes.isEmpty ? nil : bytes
  }
}
