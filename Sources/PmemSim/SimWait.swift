/// What a process does that can take a while: it is tried again whenever something has changed.
enum SimOperation: Hashable {
  /// Loads, or stores, through a mapping.
  case access(address: UInt64, length: UInt64, isStore: Bool)
  /// Giving a file another size.
  case truncate(SimSource, size: UInt64)
  /// Letting go of a file whose last name is gone.
  case evict(SimSource)
  /// Writing a file's dirty pages to the media; for fsync(2) all of them must get there.
  case writeback(SimSource, isSync: Bool)
  /// Taking a namespace's driver away.
  case unbind(region: Int, id: Int)
  /// Asking a provider for the address of some pages.
  case directAccess(provider: String, page: UInt64, pages: UInt64)
}

/// A process that waits.
struct SimWait: Hashable {
  var pid: Int
  var operation: SimOperation
  /// For people: "until pin 1 of process 812 is released".
  var reason: String
  /// Whether SIGKILL ends it.
  var isKillable = true
}

/// How far an operation came.
enum SimProgress: Hashable {
  case done
  case waits(String, isKillable: Bool)
  /// The process is no more.
  case killed

  static func waits(_ reason: String) -> SimProgress { .waits(reason, isKillable: true) }
}
