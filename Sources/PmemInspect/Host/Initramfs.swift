import Glibc
import PmemDevice

/// The initramfs of the running kernel, by the names of the files in it.
public struct Initramfs {
  public let path: String
  private let names: [Substring]

  /// What could be found.
  public enum Reading {
    case found(Initramfs)
    /// There is none, or it is not where distributions have it.
    case absent
    /// No program of this host lists it; its path.
    case unreadable(String)
  }

  /// Initramfs-tools' name, dracut's, and that of kernel-install.
  private static func candidates(_ release: String) -> [String] {
    ["/boot/initrd.img-\(release)", "/boot/initramfs-\(release).img", "/usr/lib/modules/\(release)/initrd"]
  }

  /// Programs that print the names in an initramfs, whatever it is packed by: of initramfs-tools, and of dracut.
  private static let listers = ["/usr/bin/lsinitramfs", "/usr/bin/lsinitrd", "/bin/lsinitrd"]

  /// Lists it, which takes seconds.
  ///
  /// - Parameter release: Of the kernel.
  /// - Returns: What could be found.
  public static func read(release: String) -> Reading {
    guard let path = candidates(release).first(where: { access($0, R_OK) == 0 }) else { return .absent }
    for lister in listers where access(lister, X_OK) == 0 {
      if let text = output(of: lister, path) { return .found(Initramfs(path: path, listing: text)) }
    }
    return .unreadable(path)
  }

  /// - Parameters:
  ///   - path: Its path.
  ///   - listing: A name at the end of each line.
  init(path: String, listing: String) {
    self.path = path
    names = listing.split(separator: "\n")
  }

  /// Whether the driver of DIMMs is in it, and so binds before the root filesystem is there.
  public var hasDriver: Bool { names.contains { $0.contains("/nfit.ko") || $0.contains("/libnvdimm.ko") } }

  /// Whether it has the passphrase of a DIMM, by the name that ndctl gives it.
  public func hasPassphrase(of id: String) -> Bool { names.contains { $0.contains("/nvdimm_\(id)_") } }

  /// - Returns: nil if it cannot be run, or fails.
  private static func output(of program: String, _ argument: String) -> String? {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    var arguments = [strdup(program), strdup(argument), nil]
    defer { for argument in arguments { free(argument) } }
    var process: pid_t = 0
    let error = posix_spawn(&process, program, &actions, nil, &arguments, environ)
    close(ends[1])
    guard error == 0 else { return nil }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(ends[0], &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += buffer.prefix(count)
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status == 0 ? String(decoding: bytes, as: UTF8.self) : nil
  }
}
