using ControlPlane.Core.Errors;

namespace ControlPlane.FunctionalTests.Scenarios;

/// <summary>The promises of the daemon, by REST and by gRPC.</summary>
public static partial class ScenarioTable
{
    /// <summary>All scenarios.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
        [.. Entries, .. EntryFaults, .. Actions, .. EntryConflicts, .. Lists, .. Attachments, .. Programs, .. Explanations, .. Probes, .. ReadOnlyResources, .. Owners, .. Devmaps, .. States, .. Leases, .. Batches, .. Tables, .. Waits, .. Changes, .. Views, .. MissingInterfaces, .. InterfaceRevisions];

    /// <summary>Their names, for a theory.</summary>
    public static TheoryData<string> Names { get; } = new(All.Select(s => s.Name));

    /// <summary>The scenario of this name.</summary>
    public static Scenario Find(string name) => All.Single(s => s.Name == name);

    private static Expected.Success Done(params (string, string?)[] facts) => new(null, facts);

    private static Expected.Success Created(params (string, string?)[] facts) => new(true, facts);

    private static Expected.Success Changed(params (string, string?)[] facts) => new(false, facts);

    private static Expected.Failure Invalid(params string[] fields) => new(ErrorCode.InvalidArgument, fields);

    private static Dictionary<string, string> Labels(params (string Name, string Value)[] labels) =>
        labels.ToDictionary(l => l.Name, l => l.Value);
}
