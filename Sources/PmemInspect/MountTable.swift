import CPmemShims
import Glibc
import PmemDevice
import SystemPackage

/// A line of /proc/PID/mountinfo.
struct MountLine {
  var device: UInt64
  var place: RawText
  var type: String
  /// Of the filesystem itself: `lowerdir=...`.
  var options: [RawText]
  /// A process that lives in this mount namespace.
  var pid: Int
  /// Whether it is the namespace of the first process looked at.
  var isFirstSpace: Bool
}

/// What is mounted, in every mount namespace that a process lives in.
struct MountTable {
  let lines: [MountLine]

  init(_ processes: ProcessList) {
    var lines: [MountLine] = []
    var seen: Set<RawText> = []
    for pid in processes.pids {
      let folder = processes.folder(pid)
      // Where namespaces cannot be told apart, each process is asked.
      if let space = KernelFile.link(folder.appending("ns/mnt")), !seen.insert(space).inserted { continue }
      guard let text = KernelFile.read(folder.appending("mountinfo")) else { continue }
      let isFirst = lines.isEmpty
      lines += text.split(separator: UInt8(ascii: "\n")).compactMap { Self.line($0, pid, isFirst) }
    }
    self.lines = lines
  }

  private static func line(_ text: ArraySlice<UInt8>, _ pid: Int, _ isFirst: Bool) -> MountLine? {
    let words = text.split(separator: UInt8(ascii: " "))
    guard words.count > 6, let dash = words.firstIndex(where: { $0.elementsEqual("-".utf8) }),
      let device = DeviceTable.number(String(decoding: words[2], as: UTF8.self)), words.count > dash + 1
    else { return nil }
    let options = words.count > dash + 3 ? words[dash + 3] : []
    return MountLine(
      device: device, place: RawText(unescaped(words[4])),
      type: String(decoding: words[dash + 1], as: UTF8.self),
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

  /// Overlays with a layer on persistent memory, by their device number, with that layer's device.
  func overlays(_ devices: DeviceTable, _ processes: ProcessList) -> [UInt64: DeviceTable.Device] {
    var found: [UInt64: DeviceTable.Device] = [:]
    for line in lines where line.type == "overlay" {
      for option in line.options {
        let words = option.text.split(separator: "=", maxSplits: 1)
        guard words.count == 2, ["lowerdir", "upperdir", "lowerdir+"].contains(words[0]) else { continue }
        for layer in words[1].split(separator: ":") {
          let path = processes.folder(line.pid).appending("root").pushing(
            FilePath(String(layer.drop { $0 == "/" })))
          var file = CPmem_file()
          guard CPmem_stat(AT_FDCWD, path.string, &file) == 0, let device = devices.blocks[file.device] else {
            continue
          }
          found[line.device] = device
        }
      }
    }
    return found
  }
}
