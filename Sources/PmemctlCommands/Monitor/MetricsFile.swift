import Glibc
import PmemDevice
import SystemPackage

/// The file that node_exporter's textfile collector reads: always whole, and readable by all.
struct MetricsFile {
  private let file: FilePath

  /// - Parameter directory: Of the collector.
  init(in directory: String) { file = FilePath(directory).appending("pmemctl.prom") }

  /// - Throws: The disk's error; the old file is still there.
  func write(_ metrics: MonitorMetrics) throws(DeviceError) {
    do throws(Errno) {
      try AtomicFile.write(metrics.text.utf8, to: file, existing: .replace)
    } catch {
      throw DeviceError(
        DeviceError.Code(errno: error.rawValue), "cannot write \(file): \(error.description)",
        errno: error.rawValue)
    }
    // The collector runs as a user of its own.
    chmod(file.string, 0o644)
  }
}
