import CPmemBPF

/// The layout of the tree of a process's mappings, for a program that reads it from the kernel's memory.
enum MappingTree {
  static let structures = ["mm_struct", "maple_range_64", "maple_arange_64", "maple_type"]
  static let functions = [
    "bpf_iter_task", "bpf_rdonly_cast", "bpf_iter_num_new", "bpf_iter_num_next", "bpf_iter_num_destroy",
  ]

  /// - Parameter types: This kernel's.
  /// - Returns: nil if the kernel has no such tree (6.1), no such functions (6.4), or counts only the end of changes to
  ///   a process's mappings, not their beginning (6.14, and stable kernels that have that change).
  static func layout(_ types: KernelTypes) -> CPmem_tree_layout? {
    let ids = functions.compactMap { types.function($0) }
    guard ids.count == functions.count, let leaf = types.structure("maple_range_64"),
      let wide = types.structure("maple_arange_64"), let vma = types.structure("vm_area_struct"),
      let task = types.structure("task_struct"),
      let leafKind = types.value("maple_type", "maple_leaf_64"),
      let wideKind = types.value("maple_type", "maple_arange_64"),
      let leafSlots = types.offset("maple_range_64", "slot"),
      let wideSlots = types.offset("maple_arange_64", "slot"),
      let leader = types.offset("task_struct", "group_leader"),
      let root = types.offset("mm_struct", "mm_mt", "ma_root"),
      let count = types.offset("mm_struct", "map_count"),
      let sequence = types.offset("mm_struct", "mm_lock_seq", "sequence"),
      let memory = types.offset("vm_area_struct", "vm_mm")
    else { return nil }
    return CPmem_tree_layout(
      tasks_function: ids[0], cast_function: ids[1], numbers_new: ids[2], numbers_next: ids[3],
      numbers_destroy: ids[4], leaf_type: leaf, wide_type: wide, vma_type: vma, task_type: task,
      leaf_kind: UInt32(leafKind),
      wide_kind: UInt32(wideKind), leaf_slots: UInt32(leafSlots), wide_slots: UInt32(wideSlots),
      task_leader: UInt32(leader), memory_root: UInt32(root), memory_count: UInt32(count),
      memory_sequence: UInt32(sequence), vma_memory: UInt32(memory))
  }
}
