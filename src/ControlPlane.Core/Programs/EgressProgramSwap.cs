namespace ControlPlane.Core.Programs;

/// <summary>What came of giving all entries for an interface one egress program.</summary>
/// <param name="Interface">The interface.</param>
/// <param name="EgressProgram">The program they carry now; null for none.</param>
/// <param name="Changed">How many entries carried another before.</param>
/// <param name="Revision">The revision of the last of these changes; that of the daemon when there was none.</param>
public sealed record EgressProgramSwap(string Interface, string? EgressProgram, int Changed, long Revision);
