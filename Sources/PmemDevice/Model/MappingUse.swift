/// Mappings as uses: one use for each process and file.
public enum MappingUse {
  /// - Parameters:
  ///   - mappings: Of the namespace, in order.
  ///   - namespace: Its kernel name.
  /// - Returns: In the order of the first mapping of each.
  public static func uses(_ mappings: [Mapping], of namespace: String) -> [Usage] {
    var found: [Usage] = []
    for mapping in mappings {
      let known = found.firstIndex { $0.process?.pid == mapping.process.pid && $0.path == mapping.path }
      if let known {
        found[known].bytes = (found[known].bytes ?? 0) + mapping.length
      } else {
        found.append(
          Usage(
            kind: .mapping, namespace: namespace, path: mapping.path, process: mapping.process,
            bytes: mapping.length, effect: effect(mapping),
            advice: "stop process \(mapping.process.pid), or have it unmap \(mapping.path)"))
      }
    }
    return found
  }

  /// A mapped file keeps its filesystem mounted, and the filesystem holds the device exclusively. The page cache of a
  /// block device stays readable.
  private static func effect(_ mapping: Mapping) -> Usage.Effect {
    if mapping.isFile { return .refused }
    return mapping.isDAX == false ? .errors : .sigbus
  }
}
