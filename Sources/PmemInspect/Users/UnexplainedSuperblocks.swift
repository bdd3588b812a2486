import PmemDevice

/// Filesystems that are mounted nowhere, and are alive though nothing that is known uses them: a superblock ends with its
/// last reference (fs/super.c:deactivate_super).
enum UnexplainedSuperblocks {
  /// How the path of a use begins whose filesystem has its files on another device: their users are that one's.
  static let elsewhere = "the filesystem on"

  /// - Parameter uses: All that were found.
  /// - Returns: A use for each that is not explained.
  static func uses(_ uses: [Usage]) -> [Usage] {
    uses.filter { superblock in
      superblock.kind == .superblock && !superblock.path.text.hasPrefix(elsewhere)
        && !uses.contains { $0.namespace == superblock.namespace && keepsFilesystem($0) }
    }.map { superblock in
      Usage(
        kind: .unseen, namespace: superblock.namespace, path: superblock.path, effect: .refused,
        advice:
          "find what keeps it: the kernel itself (nfsd, an overlay), a descriptor in a socket's queue, a mount "
          + "namespace without processes, a process of another container")
    }
  }

  /// Whether a use is of files. A holder of the device itself blocks for other reasons.
  private static func keepsFilesystem(_ use: Usage) -> Bool {
    switch use.kind {
    case .mapping: true
    case .open, .loop, .target, .swap: use.effect == .refused
    default: false
    }
  }
}
