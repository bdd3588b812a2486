import PmemDevice
import PmemModel

extension SimUsage {
  /// Opens of devices inside the kernel.
  func holdersInside(_ view: SimView) -> [Usage] {
    view.holders.flatMap { holder -> [Usage] in
      guard let node = node(holder.device) else { return [] }
      let isNamed = holder.kind != .unseen
      var uses = uses(
        isNamed ? .target : .unseen, .device(holder.device),
        RawText(isNamed ? "/dev/\(node) by \(holder.kind.rawValue)" : "/dev/\(node)"), effect: .errors,
        advice: "pmemctl sim release \(node) --from \(holder.kind.rawValue)")
      if !isNamed { for index in uses.indices { uses[index].opens = 1 } }
      return uses
    }
  }

  /// The uses that a view shows: the kernel's counts include hidden processes, unless the counts are hidden too.
  func seen(_ uses: [Usage], through view: SimView, of namespaces: [Namespace]) -> UsageReport {
    var seen = uses
    if view.hidden.contains(.processes) {
      let ofProcesses = uses.filter { $0.process != nil && $0.kind != .pin }
      seen.removeAll(where: ofProcesses.contains)
      for namespace in namespaces {
        let opens = ofProcesses.filter { use in
          use.namespace == namespace.dev && use.path.text.hasPrefix("/dev/")
            && [.mapping, .open].contains(use.kind)
        }
        let files = Set(opens.map { "\($0.process?.pid ?? 0) \($0.path)" })
        guard let first = opens.first else { continue }
        var use = Usage(
          kind: .unseen, namespace: namespace.dev, path: first.path, effect: .errors,
          advice: "find its holder from a view that shows processes: pmemctl sim view --all")
        use.opens = files.count
        seen.append(use)
      }
    }
    if view.hidden.contains(.opens) { seen.removeAll { $0.kind == .unseen } }
    if view.hidden.contains(.mounts) { hideMounts(&seen) }
    if view.hidden.contains(.pins) { seen.removeAll { $0.kind == .pin } }
    if view.hidden.contains(.memory) { seen.removeAll { $0.kind == .systemRAM } }
    return UsageReport(uses: seen, missing: view.missing(of: namespaces))
  }

  /// The filesystems are seen still, under /sys/fs (fs/ext4/sysfs.c:ext4_register_sysfs).
  private func hideMounts(_ seen: inout [Usage]) {
    for filesystem in kernel.model.state.filesystems where filesystem.isLive {
      let own = uses(
        .superblock, filesystem.volume, RawText("\(filesystem.type) on /dev/\(device(filesystem.volume))"),
        advice: "unmount it from a view that shows its mount: pmemctl sim view --all")
      for use in own {
        let isMounted = seen.contains { $0.kind == .mount && $0.namespace == use.namespace }
        if isMounted { seen.append(use) }
      }
    }
    seen.removeAll { $0.kind == .mount }
  }
}
