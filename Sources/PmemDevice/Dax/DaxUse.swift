/// The uses of memory, and the conditions that prevent them: consumers differ in their requirements.
public struct DaxUse: Hashable, Sendable {
  /// Stable words, for scripts.
  public enum Purpose: String, CaseIterable, Hashable, Sendable {
    /// Loads and stores that reach the media, with no page cache between.
    case loadStore = "load-store"
    /// Stores that are durable once flushed by the CPU, with no fsync.
    case mapSync = "map-sync"
    /// Page table entries of 2 MiB or more.
    case hugePages = "huge-pages"
    /// Buffers for O_DIRECT and the like in a mapping of it: short references.
    case directIO = "direct-io"
    /// Registered memory: RDMA, VFIO, buffers of io_uring.
    case longTermPins = "long-term-pins"
  }

  public var purpose: Purpose
  /// nil if it could not be determined.
  public var isPossible: Bool?
  /// Whether that was seen; else it is the kernel's rule.
  public var isTried: Bool
  /// The observation, or the rule.
  public var reason: String
  /// The alternative; nil if it is possible, or no alternative is known.
  public var instead: String?

  public init(
    _ purpose: Purpose, _ isPossible: Bool?, isTried: Bool = false, _ reason: String, instead: String? = nil
  ) {
    self.purpose = purpose
    self.isPossible = isPossible
    self.isTried = isTried
    self.reason = reason
    self.instead = isPossible == true ? nil : instead
  }
}

extension DaxProbe {
  /// The uses of the file or device that was mapped.
  ///
  /// - Parameter inventory: As it was when it was mapped.
  /// - Returns: A use for each purpose, in their order.
  public func uses(in inventory: Inventory) -> [DaxUse] {
    [loadStore, mapSync, hugePages, directIO(inventory), longTermPins(inventory)]
  }

  /// The namespace to make something else of, as an argument.
  private var namespace: String { namespaces.first ?? "NAMESPACE" }

  private var loadStore: DaxUse {
    guard let isDAX else {
      return DaxUse(.loadStore, nil, "the mapping could not be inspected", instead: "only root sees it")
    }
    if isDAX { return DaxUse(.loadStore, true, isTried: true, "a page was mapped, and is the media's") }
    switch subject {
    case .blockDevice:
      return DaxUse(
        .loadStore, false, isTried: true, "a block device is mapped through the page cache",
        instead: "pmemctl dax enable \(namespace) --for qemu")
    case .file, .daxDevice:
      let flag = inodeFlags.flatMap(InodeObstacle.init)
      return DaxUse(
        .loadStore, false, isTried: true, flag?.text ?? "it is mapped through the page cache",
        instead: device == nil ? nil : flag?.remedy ?? "pmemctl dax status \(namespace) names the cause")
    }
  }

  private var mapSync: DaxUse {
    switch isSync {
    case true?: DaxUse(.mapSync, true, isTried: true, "MAP_SYNC is granted")
    case false?:
      DaxUse(
        .mapSync, false, isTried: true, "MAP_SYNC is refused",
        instead: isDAX == true
          ? "msync or fsync: stores reach the media then" : "a mapping with DAX: see load-store")
    case nil: DaxUse(.mapSync, nil, "it was not tried")
    }
  }

  private var hugePages: DaxUse {
    guard let pageSize, isDAX == true else {
      return isDAX == false
        ? DaxUse(.hugePages, false, "the page cache of a file has none", instead: "see load-store")
        : DaxUse(.hugePages, nil, "the size of its pages could not be seen")
    }
    return DaxUse(
      .hugePages, pageSize >= 2 << 20, isTried: true, "pages of \(ByteCount(pageSize)) were seen",
      instead: subject == .file
        ? "extents at multiples of 2 MiB: mkfs.ext4 -E stride=512,stripe_width=512, or mkfs.xfs -d su=2m,sw=1, "
          + "and fallocate" : "a namespace with --align 2MiB")
  }

  private func directIO(_ inventory: Inventory) -> DaxUse {
    let own = inventory.namespaces(named: namespaces)
    guard isDAX == true, own.contains(where: { $0.mode == .raw }), inventory.host.rules.hasPagelessDAX else {
      return DaxUse(.directIO, true, "its memory has pages (struct page)")
    }
    return DaxUse(
      .directIO, false, "its memory has no pages: get_user_pages fails with EFAULT",
      instead: "pmemctl dax enable \(namespace) --for fs")
  }

  /// mm/gup.c: check_vma_flags (vma_is_fsdax), writable_file_mapping_allowed.
  private func longTermPins(_ inventory: Inventory) -> DaxUse {
    let rules = inventory.host.rules
    let instead = "pmemctl dax enable \(namespace) --for rdma: device-dax can be pinned"
    if longTermPin == .proven {
      return DaxUse(.longTermPins, true, isTried: true, "one was taken and released (io_uring)")
    }
    let isTried = longTermPin == .failed
    switch subject {
    case .daxDevice:
      return DaxUse(
        .longTermPins, isTried ? false : true, isTried: isTried, "device-dax can be pinned for long")
    case .file where isDAX == true && rules.refusesLongTermPins:
      return DaxUse(
        .longTermPins, false, isTried: isTried,
        "filesystem DAX: truncate could not wait for them, and the kernel refuses FOLL_LONGTERM (EOPNOTSUPP)",
        instead: instead)
    case .file where isDAX == true:
      return DaxUse(
        .longTermPins, true,
        "this kernel permits them, and truncate does not wait: the next owner of the blocks is written to",
        instead: instead)
    case .file, .blockDevice:
      let refused = rules.refusesLongTermPageCache ? ", which this kernel refuses for writing (EFAULT)" : ""
      return DaxUse(
        .longTermPins, false, "they would be of the page cache, not of persistent memory\(refused)",
        instead: device == nil ? nil : instead)
    }
  }
}

/// Conditions of an inode itself that prevent DAX (fs/ext4/inode.c:ext4_should_enable_dax).
public enum InodeObstacle: Hashable, Sendable {
  case dataJournal, inlineData, encryption, verity

  /// - Parameter flags: As FS_IOC_GETFLAGS gives them (include/uapi/linux/fs.h, fs/ext4/ext4.h).
  public init?(_ flags: UInt32) {
    if flags & 0x4000 != 0 {
      self = .dataJournal
    } else if flags & 0x1000_0000 != 0 {
      self = .inlineData
    } else if flags & 0x800 != 0 {
      self = .encryption
    } else if flags & 0x10_0000 != 0 {
      self = .verity
    } else {
      return nil
    }
  }

  public var text: String {
    switch self {
    case .dataJournal: "its data go through the journal (chattr +j)"
    case .inlineData: "its data are inside its inode (inline_data)"
    case .encryption: "it is encrypted (fscrypt)"
    case .verity: "it has fs-verity"
    }
  }

  public var remedy: String? {
    switch self {
    case .dataJournal: "chattr -j, with the file closed everywhere"
    case .inlineData: "a file that is larger than its inode has room for"
    case .encryption, .verity: "a copy of it without"
    }
  }
}
