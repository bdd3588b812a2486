import CPmemShims
import Glibc
import PmemDevice
import SystemPackage

/// How much of the host's processes can be seen from here.
struct ProcessView {
  let roots: HostRoots

  /// Whether this is the first PID namespace, in which every process has a number (include/linux/proc_ns.h:
  /// PROC_PID_INIT_INO).
  var isFirstNamespace: Bool {
    KernelFile.link(roots.proc.appending("self/ns/pid"))?.text == "pid:[4026531836]"
  }

  /// Processes that are hidden, beside those that were found and may not be inspected.
  ///
  /// - Parameter hidden: How many those are.
  /// - Returns: Empty if there are none.
  func missing(hidden: Int) -> [Unseen] {
    let counted = hidden > 0 ? [Unseen.hidden(processes: hidden)] : []
    guard roots.isLive else { return counted }
    guard KernelFile.link(roots.proc.appending("self")) != nil else {
      return counted + [
        Unseen(
          .processes, "processes cannot be seen: /proc is not mounted here",
          remedy: "mount -t proc proc /proc")
      ]
    }
    guard isFirstNamespace else {
      return counted + [
        Unseen(
          .processes, "processes outside this PID namespace cannot be seen",
          remedy: "run it in the host's (nsenter --target 1 --pid --mount, docker run --pid=host)")
      ]
    }
    guard hidden == 0, let option = hidingOption, !ProcessStatus(roots).has(ProcessStatus.ptrace) else {
      return counted
    }
    return [
      Unseen(
        .processes, "processes of others cannot be seen: /proc is mounted with \(option)",
        remedy: "root with CAP_SYS_PTRACE sees them")
    ]
  }

  /// The option of /proc that hides processes (Documentation/filesystems/proc.rst, 4.1); nil for none.
  private var hidingOption: String? {
    guard let text = KernelFile.read(roots.proc.appending("self/mountinfo")) else { return nil }
    let lines = text.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    // The last one that was mounted there is what is seen.
    guard let line = lines.last(where: { $0.split(separator: " ").dropFirst(4).first == "/proc" }) else {
      return nil
    }
    return line.split(whereSeparator: { $0 == " " || $0 == "," }).first { option in
      option.hasPrefix("hidepid=") && option != "hidepid=0" && option != "hidepid=off"
        || option == "subset=pid"
    }.map(String.init)
  }
}

/// The permissions of this process.
struct ProcessStatus {
  static let ptrace = 19
  static let admin = 21
  static let perfmon = 38
  static let bpf = 39

  private let lines: [Substring]

  init(_ roots: HostRoots) {
    let text = KernelFile.read(roots.proc.appending("self/status")) ?? []
    lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
  }

  private func value(_ name: String) -> Substring? {
    lines.first { $0.hasPrefix(name + ":") }?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst()
      .first
  }

  /// Whether a capability is in effect, by its number (include/uapi/linux/capability.h). If that is unknown, it counts
  /// as in effect.
  func has(_ capability: Int) -> Bool {
    guard let set = value("CapEff").flatMap({ UInt64($0, radix: 16) }) else { return true }
    return set >> UInt64(capability) & 1 == 1
  }

  /// Whether system calls go through a filter.
  var isFiltered: Bool { value("Seccomp") == "2" }
}
