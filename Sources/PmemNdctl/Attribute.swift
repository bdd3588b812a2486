import Glibc

/// The first line of a file of sysfs; nil if it cannot be read.
func attribute(_ path: String) -> String? {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var buffer = [UInt8](repeating: 0, count: 256)
  let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
  guard count > 0 else { return nil }
  return String(decoding: buffer[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
}

/// Writes a file of sysfs at once. Gives 0, or a negative error number.
func setAttribute(_ path: String, _ text: String) -> Int32 {
  let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return -errno }
  defer { close(descriptor) }
  let bytes = Array(text.utf8)
  let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
  return count < 0 ? -errno : 0
}

/// What a link leads to, as it is written; empty if it is none.
func linkPath(_ path: String) -> String {
  var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
  let count = unsafe buffer.withUnsafeMutableBytes { bytes -> Int in
    guard let start = bytes.baseAddress else { return -1 }
    return unsafe readlink(path, start, bytes.count)
  }
  return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : ""
}

/// The last part of what a link leads to; nil if it is none.
func linkTarget(_ path: String) -> String? { linkPath(path).split(separator: "/").last.map(String.init) }

/// The entries of a directory, in any order; empty if it cannot be read.
func names(in directory: String) -> [String] {
  guard let stream = unsafe opendir(directory) else { return [] }
  defer { unsafe closedir(stream) }
  var names: [String] = []
  while let entry = unsafe readdir(stream) {
    let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { tuple in
      unsafe tuple.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names
}
