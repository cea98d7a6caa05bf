using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Loop;

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

/// <summary>The attachment operations of the API.</summary>
public sealed class AttachmentService
{
    private readonly ControlPlaneState _state;
    private readonly DevmapWriter _writer;

    internal AttachmentService(ControlPlaneState state, DevmapWriter writer) => (_state, _writer) = (state, writer);

    /// <summary>Where the devmap's redirect program is to run, in order of the interfaces' names.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.DevmapNotFound"/>.</exception>
    public IReadOnlyList<Attachment> List(string devmap, RequestContext request)
    {
        request.Violations.ThrowIfAny();
        return [.. _state.Current.Devmap(devmap).Attachments.Values.Select(a => AttachmentEvaluator.View(a, _state.Facts))];
    }

    /// <summary>One attachment.</summary>
    /// <exception cref="ControlPlaneException">No such devmap or attachment.</exception>
    public Attachment Get(string devmap, string interfaceName, RequestContext request)
    {
        request.Violations.ThrowIfAny();
        return AttachmentEvaluator.View(
            _state.Current.Devmap(devmap).Attachments.GetValueOrDefault(interfaceName) ?? throw new ControlPlaneException(AttachmentErrors.NotFound(devmap, interfaceName)),
            _state.Facts);
    }

    /// <summary>Attaches the devmap's redirect program to the interface, or changes the attachment.</summary>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task<PutOutcome<Attachment>> PutAsync(string devmap, string interfaceName, AttachmentRequest attachment, RequestContext request)
    {
        if (!InterfaceName.IsValid(interfaceName) && !request.Violations.Has("interface"))
            request.Violations.Add("interface", InterfaceName.Rule);
        if (attachment.Mode is not ("native" or "generic") && !request.Violations.Has("mode"))
            request.Violations.Add("mode", "is required: native or generic");
        LabelRules.Validate(attachment.Labels, attachment.Owner, request.Violations);
        request.Violations.ThrowIfAny();
        var spec = new AttachmentSpec(
            attachment.Mode == "native" ? AttachMode.Native : AttachMode.Generic,
            Labels.Of(attachment.Labels),
            string.IsNullOrEmpty(attachment.Owner) ? null : attachment.Owner);
        var command = new PutAttachmentCommand(_state.Current.Devmap(devmap).Id, interfaceName, spec, attachment.AllowPending, request.Precondition);
        var (created, placed) = await _writer.SubmitAsync(command, request);
        return new PutOutcome<Attachment>(created, AttachmentEvaluator.View(placed, _state.Facts));
    }

    /// <summary>Detaches it.</summary>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task DeleteAsync(string devmap, string interfaceName, RequestContext request)
    {
        request.Violations.ThrowIfAny();
        await _writer.SubmitAsync(new DeleteAttachmentCommand(_state.Current.Devmap(devmap).Id, interfaceName, request.Precondition), request);
    }
}
