import PmemDevice
import SystemPackage

/// Finds persistent memory that is online as the kernel's own (system-ram), block by block
/// (Documentation/admin-guide/mm/memory-hotplug.rst).
struct MemoryBlockScanner {
  private let directory: FilePath

  init(roots: HostRoots) { directory = roots.sys.appending("devices/system/memory") }

  /// The blocks of a device; nil if the kernel does not report them.
  func blocks(of device: DaxDevice) -> MemoryBlocks? {
    guard let text = KernelFile.line(directory.appending("block_size_bytes")),
      let size = UInt64(text, radix: 16), size > 0
    else { return nil }
    var blocks = MemoryBlocks(total: 0, online: 0, movable: 0, size: size)
    for mapping in device.mappings {
      // A part that does not fill a block is not used (drivers/dax/kmem.c:dax_kmem_range).
      let first = (mapping.start + size - 1) / size
      let end = (mapping.end + 1) / size
      guard first < end, end - first < 1 << 24 else { continue }
      for number in first..<end {
        let block = directory.appending("memory\(number)")
        guard let state = KernelFile.line(block.appending("state")) else { continue }
        blocks.total += 1
        guard state != "offline" else { continue }
        blocks.online += 1
        // Of a block that is online: the zone that it is in.
        if KernelFile.line(block.appending("valid_zones")) == "Movable" { blocks.movable += 1 }
      }
    }
    return blocks.total > 0 ? blocks : nil
  }

  /// The gap that exists because memory blocks cannot be seen, although the memory of a device may be online.
  func missing(of namespaces: [Namespace]) -> [Unseen] {
    guard KernelFile.line(directory.appending("block_size_bytes")) == nil else { return [] }
    let lent = namespaces.filter { $0.daxRegion?.devices.contains { $0.mode == .systemRAM } ?? false }
    guard !lent.isEmpty else { return [] }
    return [
      Unseen(
        .memory, "whether memory is online could not be determined: \(directory) cannot be read",
        remedy: "mount -t sysfs sysfs /sys", of: lent.map(\.dev), isDecisive: true)
    ]
  }

  func uses(_ namespaces: [Namespace]) -> [Usage] {
    namespaces.flatMap { namespace in
      (namespace.daxRegion?.devices ?? []).filter { $0.mode == .systemRAM }.compactMap { device -> Usage? in
        var device = device
        device.memory = blocks(of: device)
        return Usage(onlineMemoryOf: device, namespace: namespace.dev)
      }
    }
  }
}
