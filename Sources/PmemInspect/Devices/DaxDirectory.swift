import PmemDevice
import SystemPackage

/// DAX devices as sysfs has them. libdaxctl leaves out those without a node under /dev: who removes that hides the device
/// from it, not from those who have it mapped.
struct DaxDirectory {
  private let directory: FilePath

  init(roots: HostRoots) { directory = roots.sys.appending("bus/dax/devices") }

  /// The inventory with the DAX devices of namespaces that have none in it.
  func completing(_ inventory: Inventory) -> Inventory {
    var inventory = inventory
    for bus in inventory.buses.indices {
      for region in inventory.buses[bus].regions.indices {
        let namespaces = inventory.buses[bus].regions[region].namespaces
        inventory.buses[bus].regions[region].namespaces = namespaces.map(completing)
      }
    }
    return inventory
  }

  func completing(_ namespace: Namespace) -> Namespace {
    guard namespace.mode == .devdax, namespace.isEnabled, namespace.daxRegion?.devices.isEmpty ?? true,
      let device = device(of: namespace)
    else { return namespace }
    var namespace = namespace
    namespace.daxRegion = DaxRegion(
      id: namespace.regionID, size: device.size, align: device.align, devices: [device])
    return namespace
  }

  /// It has the numbers of its namespace (drivers/dax/pmem.c:__dax_pmem_probe).
  private func device(of namespace: Namespace) -> DaxDevice? {
    let name = "dax\(namespace.regionID).\(namespace.id)"
    let own = directory.appending(name)
    guard let size = KernelFile.line(own.appending("size")).flatMap({ UInt64($0) }) else { return nil }
    let driver = KernelFile.link(own.appending("driver"))?.text ?? ""
    return DaxDevice(
      chardev: name, size: ByteCount(size), targetNode: namespace.targetNode,
      align: KernelFile.line(own.appending("align")).flatMap { UInt64($0) } ?? namespace.align ?? 4096,
      mode: driver.hasSuffix("/kmem") ? .systemRAM : .devdax, isEnabled: !driver.isEmpty,
      mappings: ranges(own))
  }

  private func ranges(_ device: FilePath) -> [DaxRange] {
    KernelFile.names(device).filter { $0.hasPrefix("mapping") }.sorted().compactMap { name in
      func number(_ file: String) -> UInt64? {
        KernelFile.line(device.appending(name).appending(file)).flatMap { UInt64($0.dropFirst(2), radix: 16) }
      }
      guard let start = number("start"), let end = number("end"), let offset = number("page_offset"),
        start < end
      else { return nil }
      return DaxRange(pageOffset: offset, start: start, end: end)
    }
  }
}
