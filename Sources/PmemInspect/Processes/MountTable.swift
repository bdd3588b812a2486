import Glibc
import PmemDevice
import SystemPackage

/// A line of /proc/PID/mountinfo.
struct MountLine {
  var device: UInt64
  /// The mounted part of the filesystem: `/`, or a directory of it.
  var root: RawText
  var mountPoint: RawText
  var type: String
  /// The source of the mount: `/dev/pmem0`.
  var source: RawText
  /// Of the filesystem itself: `lowerdir=...`.
  var options: [RawText]
  /// A process that lives in this mount namespace, or a thread of one.
  var pid: Int
  /// Whether it is the namespace of the first process looked at.
  var isFirstSpace: Bool
}

/// The mounts of every mount namespace that has a process or, as far as the kernel reports it, a thread.
struct MountTable {
  let lines: [MountLine]

  init(_ processes: ProcessList) {
    var lines: [MountLine] = []
    var seen: Set<RawText> = []
    for pid in processes.mountNamespaces {
      let directory = processes.directory(pid)
      // If namespaces cannot be told apart, each process is read.
      if let space = KernelFile.link(directory.appending("ns/mnt")), !seen.insert(space).inserted { continue }
      guard let text = KernelFile.read(directory.appending("mountinfo")) else { continue }
      let isFirst = lines.isEmpty
      lines += text.split(separator: UInt8(ascii: "\n")).compactMap { Self.line($0, pid, isFirst) }
    }
    self.lines = lines
  }

  /// Of the mount namespace of this process alone.
  init(ofThisProcess roots: HostRoots) {
    let text = KernelFile.read(roots.proc.appending("self/mountinfo")) ?? []
    lines = text.split(separator: UInt8(ascii: "\n")).compactMap { Self.line($0, Int(getpid()), true) }
  }

  private static func line(_ text: ArraySlice<UInt8>, _ pid: Int, _ isFirst: Bool) -> MountLine? {
    let words = text.split(separator: UInt8(ascii: " "))
    guard words.count > 6, let dash = words.firstIndex(where: { $0.elementsEqual("-".utf8) }),
      let device = DeviceTable.number(String(decoding: words[2], as: UTF8.self)), words.count > dash + 1
    else { return nil }
    let options = words.count > dash + 3 ? words[dash + 3] : []
    return MountLine(
      device: device, root: RawText(unescaped(words[3])), mountPoint: RawText(unescaped(words[4])),
      type: String(decoding: words[dash + 1], as: UTF8.self),
      source: RawText(words.count > dash + 2 ? unescaped(words[dash + 2]) : []),
      options: options.split(separator: UInt8(ascii: ",")).map { RawText(unescaped($0)) }, pid: pid,
      isFirstSpace: isFirst)
  }

  /// fs/proc_namespace.c writes space, tab, newline and backslash as three octal digits.
  static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = text
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      if byte == UInt8(ascii: "\\"), digits.count == 3,
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
      {
        bytes.append(value)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }

  /// The visible path of a file, from its path from the root of its filesystem; that path itself if the filesystem is
  /// mounted nowhere.
  func path(of inside: [UInt8], on device: UInt64) -> [UInt8] {
    for line in lines where line.device == device {
      let root = line.root.bytes == [UInt8(ascii: "/")] ? [] : line.root.bytes
      guard inside.starts(with: root), root.count == inside.count || inside[root.count] == UInt8(ascii: "/")
      else {
        continue
      }
      let mountPoint = line.mountPoint.bytes == [UInt8(ascii: "/")] ? [] : line.mountPoint.bytes
      return mountPoint + inside.dropFirst(root.count)
    }
    return inside
  }

  /// The mount that a path of the first process's mount namespace is in; nothing of the path is looked up.
  ///
  /// - Parameter path: Absolute, without symbolic links.
  /// - Returns: nil if none is known.
  func line(containing path: String) -> MountLine? {
    let bytes = Array(path.utf8)
    var found: MountLine?
    for line in lines where line.isFirstSpace {
      let mountPoint = line.mountPoint.bytes == [UInt8(ascii: "/")] ? [] : line.mountPoint.bytes
      guard bytes.starts(with: mountPoint),
        bytes.count == mountPoint.count || bytes[mountPoint.count] == UInt8(ascii: "/")
      else { continue }
      // Of two mounts on one mount point the later one hides the other.
      if (found?.mountPoint.bytes.count ?? 0) <= line.mountPoint.bytes.count { found = line }
    }
    return found
  }

  /// An overlay with a layer on persistent memory.
  struct Overlay {
    /// Its mount point, and its layers, uppermost first, as the host sees them.
    var mountPoint: RawText
    var layers: [FilePath]
    /// A layer's device that is one of persistent memory.
    var device: DeviceTable.Device
  }

  /// By device number.
  func overlays(_ devices: DeviceTable, _ processes: ProcessList) -> [UInt64: Overlay] {
    var found: [UInt64: Overlay] = [:]
    for line in lines where line.type == "overlay" {
      let root = processes.directory(line.pid).appending("root")
      let layers = layers(of: line).map { root.pushing(FilePath(String($0.drop { $0 == "/" }))) }
      let device = layers.lazy.compactMap { layer in
        processes.roots.files.facts(layer.string).flatMap { devices.blocks[$0.device] }
      }.first
      guard let device, found[line.device] == nil else { continue }
      found[line.device] = Overlay(mountPoint: line.mountPoint, layers: layers, device: device)
    }
    return found
  }

  private func layers(of line: MountLine) -> [Substring] {
    func values(_ name: String) -> [Substring] {
      line.options.flatMap { option -> [Substring] in
        guard option.text.hasPrefix(name + "=") else { return [] }
        return option.text.dropFirst(name.count + 1).split(separator: ":")
      }
    }
    return values("upperdir") + values("lowerdir") + values("lowerdir+")
  }
}
