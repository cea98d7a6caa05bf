namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>The egress programs of the host.</summary>
internal sealed class ProgramListResource
{
    /// <summary>All egress programs, in order of their names.</summary>
    public required IEnumerable<ProgramResource> Programs { get; init; }
}
