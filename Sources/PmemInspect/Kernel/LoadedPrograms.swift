import Glibc

/// Programs for the kernel's iterators that were loaded already: its verifier walks through each, which takes as long as the
/// iterating. Of each kind the last one is kept.
final class LoadedPrograms {
  /// The reports of a program, as ``FileUserIterator`` has it.
  enum Kind: Hashable {
    case mappings, descriptors, directories, candidates
  }

  private var loaded: [Kind: (keys: [UInt64], program: Int32)] = [:]

  deinit { for program in loaded.values { close(program.program) } }

  /// - Parameters:
  ///   - kind: Of the program.
  ///   - keys: The devices that it is for.
  ///   - load: Loads it; a descriptor, or a negative error number.
  /// - Returns: A descriptor, which stays open for as long as this is the last of its kind.
  /// - Throws: Why the kernel does not take it.
  func load(_ kind: Kind, _ keys: [UInt64], _ load: () -> Int32) throws(Unavailable) -> Int32 {
    let keys = keys.sorted()
    if let known = loaded[kind], known.keys == keys { return known.program }
    let program = load()
    guard program >= 0 else { throw .refused(-program) }
    if let old = loaded.updateValue((keys, program), forKey: kind) { close(old.program) }
    return program
  }
}
