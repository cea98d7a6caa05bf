using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;
using ControlPlane.Core.Writing;

namespace ControlPlane.Core.Api;

/// <summary>A write of an attachment as the caller sent it, not yet validated.</summary>
/// <param name="Mode">How the redirect program is attached: <c>native</c> or <c>generic</c>.</param>
/// <param name="Labels">The caller's own notes.</param>
/// <param name="Owner">Who the attachment belongs to.</param>
/// <param name="AllowPending">Whether the interface may be missing.</param>
public sealed record AttachmentRequest(
    string? Mode,
    IReadOnlyDictionary<string, string>? Labels = null,
    string? Owner = null,
    bool AllowPending = false);

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

    /// <summary>Attaches the devmap's redirect program to the interface, or changes the attachment.</summary>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task<PutOutcome<Attachment>> PutAsync(
        string devmap, string interfaceName, AttachmentRequest request, Violations faults, Precondition precondition, CancellationToken cancellationToken)
    {
        if (!InterfaceName.IsValid(interfaceName) && !faults.Has("interface"))
            faults.Add("interface", InterfaceName.Rule);
        if (request.Mode is not ("native" or "generic") && !faults.Has("mode"))
            faults.Add("mode", "is required: native or generic");
        LabelRules.Validate(request.Labels, request.Owner, faults);
        faults.ThrowIfAny();
        var spec = new AttachmentSpec(
            request.Mode == "native" ? AttachMode.Native : AttachMode.Generic,
            Labels.Of(request.Labels),
            string.IsNullOrEmpty(request.Owner) ? null : request.Owner);
        var command = new PutAttachmentCommand(_state.Devmap(devmap), interfaceName, spec, request.AllowPending, precondition);
        var (created, attachment) = await _writer.SubmitAsync(command, cancellationToken);
        return new PutOutcome<Attachment>(created, AttachmentEvaluator.View(attachment));
    }

    /// <summary>Detaches it.</summary>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task DeleteAsync(string devmap, string interfaceName, Precondition precondition, CancellationToken cancellationToken) =>
        await _writer.SubmitAsync(new DeleteAttachmentCommand(_state.Devmap(devmap), interfaceName, precondition), cancellationToken);
}
