import Foundation
import TestSupport
import Testing

@testable import PmemInspect

/// A kernel's description of its types, made by hand.
@Suite struct KernelTypesTests {
  /// Type ids: 1 int, 2 anonymous struct {int b; int c}, 3 anonymous union {struct 2; int d}, 4 struct page
  /// {int flags; union 3; int last}, 5 enum pageflags {PG_locked, PG_head = 6}, 6 function work, 7 typedef pages of
  /// struct 4, 8 struct book {int cover; pages inner; volatile pages outer}, 9 volatile 7.
  private static let good: [UInt8] = {
    var strings: [UInt8] = [0]
    func name(_ text: String) -> UInt32 {
      let place = UInt32(strings.count)
      strings += Array(text.utf8) + [0]
      return place
    }
    var types: [UInt8] = []
    func add(_ words: UInt32...) {
      for word in words { withUnsafeBytes(of: word.littleEndian) { types += Array($0) } }
    }
    add(name("int"), 1 << 24, 4, 32)
    add(0, 4 << 24 | 2, 8, name("b"), 1, 0, name("c"), 1, 32)
    add(0, 5 << 24 | 2, 8, 0, 2, 0, name("d"), 1, 0)
    add(name("page"), 4 << 24 | 3, 64, name("flags"), 1, 0, 0, 3, 64, name("last"), 1, 160)
    add(name("pageflags"), 6 << 24 | 2, 4, name("PG_locked"), 0, name("PG_head"), 6)
    add(name("work"), 12 << 24, 1)
    add(name("pages"), 8 << 24, 4)
    add(name("book"), 4 << 24 | 3, 136, name("cover"), 1, 0, name("inner"), 7, 64, name("outer"), 9, 576)
    add(0, 9 << 24, 7)
    var bytes: [UInt8] = []
    func word(_ value: UInt32) { withUnsafeBytes(of: value.littleEndian) { bytes += Array($0) } }
    word(0x0001_eb9f)
    word(24)
    word(0)
    word(UInt32(types.count))
    word(UInt32(types.count))
    word(UInt32(strings.count))
    return bytes + types + strings
  }()

  private static func read(_ bytes: [UInt8]) -> KernelTypes? {
    KernelTypes(bytes, structures: ["page", "pageflags", "book"], functions: ["work"])
  }

  @Test func membersOfNamelessPartsAreFound() throws {
    let types = try #require(Self.read(Self.good))
    #expect(types.size("page") == 64)
    #expect(types.offset("page", "flags") == 0)
    #expect(types.offset("page", "b") == 8)
    #expect(types.offset("page", "c") == 12)
    #expect(types.offset("page", "d") == 8)
    #expect(types.offset("page", "last") == 20)
    #expect(types.offset("page", "nosuch") == nil)
    #expect(types.offset("other", "flags") == nil)
    #expect(types.value("pageflags", "PG_head") == 6)
    #expect(types.function("work") == 6)
    #expect(types.function("play") == nil)
  }

  @Test func membersOfMembersAreFound() throws {
    let types = try #require(Self.read(Self.good))
    #expect(types.structure("page") == 4)
    #expect(types.structure("book") == 8)
    #expect(types.structure("work") == nil)
    #expect(types.offset("book", "inner", "last") == 28)
    #expect(types.offset("book", "outer", "c") == 84)
    #expect(types.offset("book", "cover", "last") == nil)
    #expect(types.offset("book", "inner", "cover") == nil)
  }

  @Test func spoiledBytesNeverCrash() {
    var generator = SeededGenerator(seed: 97)
    for _ in 0..<20_000 {
      var bytes = Self.good
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      let types = Self.read(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator))))
      for member in ["flags", "b", "d", "last"] { _ = types?.offset("page", member) }
      _ = types?.offset("book", "outer", "d")
      _ = types?.value("pageflags", "PG_head")
    }
  }
}
