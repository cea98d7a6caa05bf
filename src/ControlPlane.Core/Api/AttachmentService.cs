using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;
using ControlPlane.Core.Writing;

namespace ControlPlane.Core.Api;

/// <summary>Attachments: what both faces call.</summary>
public sealed class AttachmentService
{
    private readonly ControlPlaneState _state;
    private readonly DevmapWriter _writer;

    internal AttachmentService(ControlPlaneState state, DevmapWriter writer) => (_state, _writer) = (state, writer);

    /// <summary>Where the devmap's redirect program is to run, in order of the interfaces' names.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.DevmapNotFound"/>.</exception>
    public IReadOnlyList<Attachment> List(string devmap) => [.. _state.Devmap(devmap).Attachments.Values.Select(AttachmentEvaluator.View)];

    /// <summary>One attachment.</summary>
    /// <exception cref="ControlPlaneException">No such devmap or attachment.</exception>
    public Attachment Get(string devmap, string interfaceName) =>
        AttachmentEvaluator.View(_state.Devmap(devmap).Attachments.GetValueOrDefault(interfaceName) ?? throw NotFound.Attachment(devmap, interfaceName));

    /// <summary>Attaches the devmap's redirect program to the interface. <paramref name="mode"/> is <c>native</c> or <c>generic</c>.</summary>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task<PutOutcome<Attachment>> PutAsync(
        string devmap, string interfaceName, string? mode, Violations faults, Precondition precondition, CancellationToken cancellationToken)
    {
        if (!InterfaceName.IsValid(interfaceName) && !faults.Has("interface"))
            faults.Add("interface", InterfaceName.Rule);
        if (mode is not ("native" or "generic") && !faults.Has("mode"))
            faults.Add("mode", "is required: native or generic");
        faults.ThrowIfAny();
        var command = new PutAttachmentCommand(
            _state.Devmap(devmap), interfaceName, new AttachmentSpec(mode == "native" ? AttachMode.Native : AttachMode.Generic), precondition);
        var (created, attachment) = await _writer.SubmitAsync(command, cancellationToken);
        return new PutOutcome<Attachment>(created, AttachmentEvaluator.View(attachment));
    }

    /// <summary>Detaches it.</summary>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task DeleteAsync(string devmap, string interfaceName, Precondition precondition, CancellationToken cancellationToken) =>
        await _writer.SubmitAsync(new DeleteAttachmentCommand(_state.Devmap(devmap), interfaceName, precondition), cancellationToken);
}
