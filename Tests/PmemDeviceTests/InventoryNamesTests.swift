import PmemDevice
import Testing

/// Namespaces are found by their numbers as by their names.
@Suite struct InventoryNamesTests {
  private let inventory = Machines.inventory(
    Machines.region(0, taken: [(0, 64), (64, 128)]), Machines.region(1), Machines.region(10, taken: [(0, 64)])
  )

  @Test func everyNameFindsItsNamespaceAlone() {
    for namespace in inventory.namespaces {
      #expect(inventory.namespaces(named: [namespace.dev]) == [namespace])
    }
    let names = inventory.namespaces.map(\.dev)
    #expect(inventory.namespaces(named: names.reversed()) == inventory.namespaces)
  }

  @Test(arguments: [
    "", "namespace", "namespace0", "namespace0.", "namespace0.0.0", "namespace-1.0", "region0", "dax0.0",
  ])
  func otherNamesFindNone(name: String) { #expect(inventory.namespaces(named: [name]).isEmpty) }
}
