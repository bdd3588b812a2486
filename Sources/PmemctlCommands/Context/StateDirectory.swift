import Glibc
import SystemPackage

/// Directories for what pmemctl keeps, which only root may read.
enum StateDirectory {
  /// Makes a directory and those above it that are missing.
  static func make(_ directory: FilePath) throws(Errno) {
    var path = FilePath(root: directory.root)
    for component in directory.components {
      path.append(component)
      guard mkdir(path.string, 0o700) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
    }
  }
}
