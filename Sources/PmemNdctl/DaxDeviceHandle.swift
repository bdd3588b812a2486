import CDaxctl
import Glibc
import PmemDevice

/// A DAX device in a context's tree.
@safe
struct DaxDeviceHandle {
  private let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

  var chardev: String { unsafe text(daxctl_dev_get_devname(pointer)) ?? "" }

  /// Whether memory blocks of it are online as system-ram.
  var hasOnlineMemory: Bool {
    guard let memory = unsafe daxctl_dev_get_memory(pointer) else { return false }
    return unsafe daxctl_memory_is_online(memory) != 0
  }

  func snapshot() -> DaxDevice {
    let align = unsafe daxctl_dev_get_align(pointer)
    let memory = unsafe daxctl_dev_get_memory(pointer)
    return DaxDevice(
      chardev: chardev, size: ByteCount(unsafe number(daxctl_dev_get_size(pointer)) ?? 0),
      targetNode: Int(unsafe daxctl_dev_get_target_node(pointer)), align: align == .max ? 0 : UInt64(align),
      mode: unsafe memory == nil ? .devdax : .systemRAM,
      isEnabled: unsafe daxctl_dev_is_enabled(pointer) != 0,
      memory: unsafe memory.flatMap { unsafe blocks($0) }, mappings: mappings)
  }

  private func blocks(_ memory: OpaquePointer) -> MemoryBlocks? {
    let total = unsafe daxctl_memory_num_sections(memory)
    let online = unsafe daxctl_memory_is_online(memory)
    guard total > 0, online >= 0 else { return nil }
    return MemoryBlocks(
      total: Int(total), online: Int(online),
      movable: unsafe daxctl_memory_is_movable(memory) == 1 ? Int(online) : 0,
      size: UInt64(unsafe daxctl_memory_get_block_size(memory)))
  }

  private var mappings: [DaxRange] {
    var ranges: [DaxRange] = []
    var next = unsafe daxctl_mapping_get_first(pointer)
    while let mapping = unsafe next {
      ranges.append(
        DaxRange(
          pageOffset: unsafe daxctl_mapping_get_offset(mapping),
          start: unsafe daxctl_mapping_get_start(mapping),
          end: unsafe daxctl_mapping_get_end(mapping)))
      unsafe next = daxctl_mapping_get_next(mapping)
    }
    return ranges
  }

  // MARK: Steps: each returns 0 or a negative error number

  func bind(_ mode: DaxDevice.Mode) -> Int32 {
    guard unsafe daxctl_dev_is_enabled(pointer) == 0 else { return -EBUSY }
    return switch mode {
    case .devdax: unsafe daxctl_dev_enable_devdax(pointer)
    case .systemRAM: unsafe daxctl_dev_enable_ram(pointer)
    }
  }

  func unbind() -> Int32 {
    guard unsafe daxctl_dev_is_enabled(pointer) != 0 else { return 0 }
    // The kernel would keep the memory, and the device could never come back.
    guard !hasOnlineMemory else { return -EBUSY }
    return unsafe daxctl_dev_disable(pointer)
  }

  /// - Returns: The blocks that refused; nil if it is not in system-ram mode.
  func setMemory(_ state: MemoryBlockDirectory.State) -> [MemoryBlockDirectory.Refusal]? {
    guard unsafe daxctl_dev_get_memory(pointer) != nil else { return nil }
    return MemoryBlockDirectory(ranges: mappings.map { ($0.start, $0.end) }).set(state)
  }

  func resize(_ size: ByteCount) -> Int32 {
    guard unsafe daxctl_dev_is_enabled(pointer) == 0 else { return -EBUSY }
    return unsafe daxctl_dev_set_size(pointer, size.rawValue)
  }

  /// The first device of a region stays, with size 0 (drivers/dax/bus.c:delete_store).
  func destroy(in region: OpaquePointer) -> Int32 {
    guard unsafe daxctl_dev_is_enabled(pointer) == 0 else { return -EBUSY }
    let status = resize(.zero)
    guard status == 0 else { return status }
    let removed = unsafe daxctl_region_destroy_dev(region, pointer)
    return removed == -EBUSY ? 0 : removed
  }
}
