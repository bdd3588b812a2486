import Glibc
import PmemDevice

/// Looks for who has devices mapped or open, until what the kernel counts is explained by what is seen, or is not.
struct UserSearch {
  let devices: DeviceTable
  let rules: KernelRules
  let roots: HostRoots
  let types: KernelTypeSource

  /// The result of one scan.
  struct Found {
    var mapped: MappingScanner.Scanned
    var descriptors: DescriptorScanner.Found
    var kernel: UserScanner.Found
    /// Devices that are open more often than that explains.
    var unseen: [Usage] = []
    /// Whether that is so could not be determined.
    var missing: [Unseen] = []

    var isAnyoneSeen: Bool { !descriptors.uses.isEmpty || !mapped.report.mappings.isEmpty }
  }

  /// How long openers may take that look at a device for a moment, as udev does.
  private static let pauses: [UInt32] = [20_000, 50_000, 100_000, 200_000, 400_000]

  /// - Parameter namespaces: Enabled ones.
  /// - Returns: The result of the last scan.
  func search(_ namespaces: [Namespace]) -> Found {
    let counter: OpenCounter
    do throws(Unavailable) {
      counter = try OpenCounter(namespaces, devices, roots: roots, types: types)
      var found = try look(counter)
      for pause in Self.pauses where !found.unseen.isEmpty {
        usleep(pause)
        found = try look(counter)
      }
      return found
    } catch {
      var found = look()
      found.missing = [
        Unseen(
          .opens, "whether anything unseen has it open could not be determined: \(error.reason)",
          remedy: error.remedy, of: namespaces.map(\.dev), isDecisive: true)
      ]
      return found
    }
  }

  private func look(_ counter: OpenCounter) throws(Unavailable) -> Found {
    let before = try counter.counts()
    var found = look()
    addClaims(counter, &found)
    let files = try known(found, counter)
    found.unseen = counter.unexplained(before, try counter.counts(), by: files, found.kernel.opens)
    return found
  }

  /// Filesystems whose mounts do not name the device that they have.
  private func addClaims(_ counter: OpenCounter, _ found: inout Found) {
    let kernel = found.kernel
    let unnamed = counter.filesystems { device in
      !kernel.contains(.mount, device) && !kernel.contains(.superblock, device)
    }
    guard !unnamed.isEmpty else { return }
    UserScanner(devices, rules: rules, roots: roots, types: types).addClaims(unnamed, &found.kernel)
  }

  private func look() -> Found {
    let scanner = MappingScanner(devices, roots: roots, types: types)
    return Found(
      mapped: (try? scanner.scanFiles(pid: nil)) ?? MappingScanner.Scanned(),
      descriptors: DescriptorScanner(devices, roots: roots, types: types).scan(),
      kernel: UserScanner(devices, rules: rules, roots: roots, types: types).scan())
  }

  /// The files of all that is reported, and this process's own. If only /proc shows users, files have no address: in a
  /// PID namespace those of its processes stand for them, and for none if no use is seen.
  private func known(_ found: Found, _ counter: OpenCounter) throws(Unavailable) -> [OpenFile] {
    if let files = found.descriptors.files, let mapped = found.mapped.files { return files + mapped }
    return try counter.files(ofAll: found.isAnyoneSeen)
  }
}
