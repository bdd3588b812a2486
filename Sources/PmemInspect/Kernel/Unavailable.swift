import Glibc
import SystemPackage

/// Why a way of looking into the kernel cannot be had here.
struct Unavailable: Error {
  /// In words, as the end of a sentence.
  let reason: String
  /// The remedy.
  let remedy: String?

  init(_ reason: String, remedy: String? = nil) {
    self.reason = reason
    self.remedy = remedy
  }

  /// The cause of an error of bpf(2), which returns EPERM, EINVAL or ENOSYS for several reasons.
  static func refused(_ error: Int32, roots: HostRoots = HostRoots()) -> Unavailable {
    let status = ProcessStatus(roots)
    if isLockedDown(roots) {
      // kernel/bpf/core.c: helpers that read kernel memory are not there, and the program has no meaning.
      return Unavailable(
        "the kernel is locked down (confidentiality)",
        remedy: "boot without lockdown=confidentiality to have it determined")
    }
    if isUserNamespace(roots) {
      return Unavailable(
        "this is a user namespace, whose capabilities are not the host's",
        remedy: "run it as root of the host (docker run --userns=host --privileged)")
    }
    if !status.has(ProcessStatus.admin), !status.has(ProcessStatus.bpf) || !status.has(ProcessStatus.perfmon)
    {
      return Unavailable(
        "this process has no CAP_BPF and CAP_PERFMON", remedy: "run it as root with all capabilities")
    }
    if status.isFiltered, error == EPERM || error == ENOSYS || error == EACCES {
      return Unavailable(
        "a seccomp filter refuses bpf(2)",
        remedy: "run it outside of the sandbox (docker run --privileged --pid=host)")
    }
    if error == ENOSYS { return Unavailable("this kernel has no bpf(2) (CONFIG_BPF_SYSCALL)") }
    return Unavailable("bpf(2) is refused: \(String(cString: strerror(error)))")
  }

  /// security/lockdown/lockdown.c: `none integrity [confidentiality]`. Readable only if securityfs is mounted.
  private static func isLockedDown(_ roots: HostRoots) -> Bool {
    KernelFile.line(roots.sys.appending("kernel/security/lockdown"))?.contains("[confidentiality]") ?? false
  }

  /// In the first user namespace every number maps to itself (user_namespaces(7)).
  private static func isUserNamespace(_ roots: HostRoots) -> Bool {
    guard let line = KernelFile.line(roots.proc.appending("self/uid_map")) else { return false }
    return line.split(separator: " ").map { String($0) } != ["0", "0", "4294967295"]
  }

  static let noTypes = Unavailable("the kernel does not describe its types (CONFIG_DEBUG_INFO_BTF)")
}
