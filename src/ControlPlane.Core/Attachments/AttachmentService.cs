using ControlPlane.Core.Entries;
using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Attachments;

/// <summary>Attachments: what both faces call.</summary>
public sealed class AttachmentService
{
    /// <summary>Where the devmap's redirect program is to run, in order of the interfaces' names.</summary>
    public IReadOnlyList<AttachmentView> List(string devmap) => throw new NotImplementedException();

    /// <summary>One attachment.</summary>
    public AttachmentView Get(string devmap, string interfaceName) => throw new NotImplementedException();

    /// <summary>Attaches the devmap's redirect program to the interface. <paramref name="mode"/> is <c>native</c> or <c>generic</c>.</summary>
    public Task<PutOutcome<AttachmentView>> PutAsync(string devmap, string interfaceName, string? mode, Violations faults, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Detaches it.</summary>
    public Task DeleteAsync(string devmap, string interfaceName, CancellationToken cancellationToken) => throw new NotImplementedException();
}
