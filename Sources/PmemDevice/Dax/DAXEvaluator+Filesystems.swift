extension DAXEvaluator {
  // MARK: Filesystems

  func state(of filesystem: DaxLayer.Filesystem, _ layer: DaxLayer) -> DaxState {
    let below = devices[layer.device, default: []].flatMap(obstacles)
    var causes = below.map { cause in
      var cause = cause
      cause.text = "/dev/\(layer.device): \(cause.text)"
      return cause
    }
    causes += filesystemObstacles(filesystem, layer)
    guard filesystem.isMounted else { return unmounted(filesystem, layer, causes) }
    let mount = DaxMount(filesystem.options)
    var state = DaxState(
      kind: "filesystem", name: layer.name, namespaces: layer.namespaces, isPossible: causes.isEmpty,
      isOn: mount == .always)
    if filesystem.filesSeen > 0 {
      let (seen, direct) = (filesystem.filesSeen, filesystem.filesWithDAX)
      state.isOn = direct > 0
      state.note = "\(filesystem.type), \(direct) of \(seen) inspected files have DAX"
    } else {
      state.note = "\(filesystem.type), no file to inspect"
    }
    if causes.isEmpty, !state.isOn || filesystem.filesWithDAX < filesystem.filesSeen {
      causes = [mountCause(mount, filesystem, layer)].compactMap { $0 }
    }
    state.causes = causes + cautions(filesystem)
    return state
  }

  /// How DAX would be after mounting it.
  private func unmounted(
    _ filesystem: DaxLayer.Filesystem, _ layer: DaxLayer, _ causes: [DaxCause]
  ) -> DaxState {
    DaxState(
      kind: "filesystem", name: layer.name, namespaces: layer.namespaces, isPossible: causes.isEmpty,
      isOn: false,
      causes: causes.isEmpty
        ? [
          DaxCause(
            .mountOption, "it is not mounted",
            remedy: "mount -o dax=always \(ShellWord("/dev/" + layer.device)) DIR"
          )
        ] + cautions(filesystem) : causes,
      note: "\(filesystem.type), not mounted")
  }

  private func filesystemObstacles(
    _ filesystem: DaxLayer.Filesystem, _ layer: DaxLayer
  ) -> [DaxCause] {
    guard ["ext4", "xfs", "ext2", "erofs", "virtiofs", "fuse"].contains(filesystem.type) else {
      return [
        DaxCause(
          .filesystemType, "\(filesystem.type) has no DAX", remedy: "ext4 or xfs have it")
      ]
    }
    let isPartition = devices[layer.device, default: []].contains { $0.kind == .partition }
    if filesystem.type == "xfs", filesystem.hasReflink == true, isPartition || !rules.sharesDAXBlocks {
      return [
        DaxCause(
          .reflink,
          "its blocks can be shared between files (reflink): this kernel has no DAX with that"
            + (rules.sharesDAXBlocks ? " on a partition" : ""), remedy: "mkfs.xfs -m reflink=0")
      ]
    }
    let features = featureObstacles(filesystem)
    guard let size = filesystem.blockSize, size != page else { return features }
    return features + [
      DaxCause(
        .blockSize, "its blocks are \(size) bytes, not a page (\(page))",
        remedy: filesystem.type == "xfs" ? "mkfs.xfs -b size=\(page)" : "mkfs.\(filesystem.type) -b \(page)")
    ]
  }

  private func mountCause(
    _ mount: DaxMount, _ filesystem: DaxLayer.Filesystem, _ layer: DaxLayer
  ) -> DaxCause? {
    switch mount {
    case .always:
      return filesystem.filesWithDAX < filesystem.filesSeen
        ? DaxCause(.inodeFlag, "some files have none, though it is mounted with dax=always") : nil
    case .never:
      return DaxCause(
        .mountOption, "it is mounted with dax=never", remedy: "mount it with -o dax=always")
    case .inode:
      return DaxCause(
        .inodeFlag, "files have DAX only if they have the flag for it (dax=inode)",
        remedy:
          "mount it with -o dax=always; or xfs_io -c 'chattr +x' on a directory, for files created in it later"
      )
    }
  }

  /// fs/ext4/super.c:ext4_fill_super, ext4_check_opt_consistency; fs/ext4/inode.c:ext4_should_enable_dax.
  private func featureObstacles(_ filesystem: DaxLayer.Filesystem) -> [DaxCause] {
    var causes: [DaxCause] = []
    let words = Set(filesystem.options.flatMap { $0.split(separator: ",").map(String.init) })
    if words.contains("data=journal") || !filesystem.isMounted && filesystem.features.contains(.dataJournal) {
      causes.append(
        DaxCause(
          .dataJournal, "data go through the journal (data=journal): no DAX with that",
          remedy: "mount it with -o data=ordered"))
    }
    if filesystem.features.contains(.inlineData) {
      causes.append(
        DaxCause(
          .inlineData, "data may be inside inodes (inline_data): the kernel refuses dax=always",
          remedy: "mkfs.ext4 -O ^inline_data"))
    }
    return causes
  }

  /// DAX of single files, if the filesystem itself can have DAX.
  private func cautions(_ filesystem: DaxLayer.Filesystem) -> [DaxCause] {
    var causes: [DaxCause] = []
    if filesystem.features.contains(.encryption) {
      causes.append(DaxCause(.encryption, "files that are encrypted (fscrypt) have no DAX"))
    }
    if filesystem.features.contains(.verity) {
      causes.append(DaxCause(.verity, "files with fs-verity have no DAX"))
    }
    return causes
  }
}
