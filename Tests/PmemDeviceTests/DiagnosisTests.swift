import PmemDevice
import Testing

/// What is reported of regions and DIMMs, on values.
@Suite struct DiagnosisTests {
  private static func findings(readOnly: Bool, flags: [String]) -> [Diagnosis.Finding] {
    var region = Region(
      id: 0, size: .gibibytes(1), resource: 1 << 33, align: 16 << 20, availableSize: .zero,
      maxAvailableExtent: .zero,
      mappings: [RegionMapping(dimm: "nmem0", offset: 0, length: 1 << 30, position: 0)])
    region.isReadOnly = readOnly
    let dimm = DIMM(dev: "nmem0", id: "1", flags: flags, labels: LabelArea(availableSlots: 9, version: .v12))
    let inventory = Inventory(
      host: HostFacts(kernelRelease: "6.12"),
      buses: [Bus(dev: "ndbus0", provider: "ACPI.NFIT", dimms: [dimm], regions: [region])])
    return Diagnosis(inventory).findings.filter { $0.subject == "region0" }
  }

  @Test func aRegionOnADimmThatIsNotArmedIsReadOnlyBecauseOfThat() throws {
    let finding = try #require(Self.findings(readOnly: true, flags: ["failed_arm"]).first)
    #expect(finding.severity == .warning && finding.text.contains("because nmem0 is not armed"))
    #expect(finding.suggestions == ["pmemctl dimm health nmem0"])
  }

  @Test func anyOtherReadOnlyRegionCanBeMadeWritable() throws {
    let finding = try #require(Self.findings(readOnly: true, flags: []).first)
    #expect(finding.text == "it is read-only")
    #expect(finding.suggestions.count == 1)
  }

  @Test func aWritableRegionIsNoFinding() {
    #expect(Self.findings(readOnly: false, flags: ["failed_save"]).isEmpty)
  }
}
