using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Api;

/// <summary>The operations on attachments.</summary>
internal sealed class AttachmentService
{
    private readonly ControlPlaneState _state;
    private readonly DevmapWriter _writer;
    private readonly IKernel _kernel;

    public AttachmentService(ControlPlaneState state, DevmapWriter writer, IKernel kernel) => (_state, _writer, _kernel) = (state, writer, kernel);

    /// <summary>Returns the attachments of a devmap, in order of the interfaces' names.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.DevmapNotFound"/>.</exception>
    public IReadOnlyList<Attachment> List(string devmap, RequestContext request)
    {
        request.Violations.ThrowIfAny();
        var state = _state.Current.Devmap(devmap);
        var evaluator = Evaluator(state.Id);
        return [.. state.Attachments.Values.Select(evaluator.View)];
    }

    /// <summary>Returns one attachment.</summary>
    /// <exception cref="ControlPlaneException">There is no such devmap or attachment.</exception>
    public Attachment Get(string devmap, string interfaceName, RequestContext request)
    {
        request.Violations.ThrowIfAny();
        var state = _state.Current.Devmap(devmap);
        if (!state.Attachments.ContainsKey(interfaceName))
            _kernel.Interfaces.Resolve(interfaceName);
        return state.FindAttachment(interfaceName, _kernel.Interfaces.Refresh()) is { } attachment
            ? Evaluator(state.Id).View(attachment)
            : throw new ControlPlaneException(AttachmentErrors.NotFound(devmap, interfaceName));
    }

    /// <summary>Attaches the devmap's redirect program to the interface, or changes the attachment.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="interfaceName">The ingress interface, by any of its names.</param>
    /// <param name="spec">The desired state, not yet validated.</param>
    /// <param name="allowPending">Whether the interface may be missing.</param>
    /// <param name="request">The request.</param>
    /// <param name="force">Whether an attachment of another owner may be changed.</param>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task<PutOutcome<Attachment>> PutAsync(
        string devmap, string interfaceName, AttachmentSpec spec, bool allowPending, RequestContext request, bool force = false)
    {
        InterfaceName.Validate(interfaceName, "interface", request.Violations);
        LabelRules.Validate(spec.Labels, spec.Owner, request.Violations);
        LeaseName.Validate(spec.Lease, request.Violations);
        new MeaningCheck(_state.Current, _kernel, request.Violations).OfAttachment(devmap, interfaceName, spec.Lease, allowPending);
        request.Violations.ThrowIfAny();
        spec = spec with { Owner = EntryService.NullIfEmpty(spec.Owner), Lease = EntryService.NullIfEmpty(spec.Lease) };
        var id = _state.Current.Devmap(devmap).Id;
        var command = new PutAttachmentCommand(id, interfaceName, spec, allowPending, request.Precondition, force);
        var (created, placed) = await _writer.SubmitAsync(command, request);
        return new PutOutcome<Attachment>(created, Evaluator(id).View(placed));
    }

    /// <summary>Detaches the redirect program.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="interfaceName">The ingress interface, by any of its names.</param>
    /// <param name="owner">The owner of the attachment, not yet validated; null or empty for none.</param>
    /// <param name="force">Whether an attachment of another owner may be deleted.</param>
    /// <param name="request">The request.</param>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task DeleteAsync(string devmap, string interfaceName, string? owner, bool force, RequestContext request)
    {
        LabelRules.ValidateOwner(owner, request.Violations);
        request.Violations.ThrowIfAny();
        var claim = new OwnerClaim(EntryService.NullIfEmpty(owner), force);
        await _writer.SubmitAsync(new DeleteAttachmentCommand(_state.Current.Devmap(devmap).Id, interfaceName, request.Precondition, claim), request);
    }

    private AttachmentEvaluator Evaluator(DevmapId devmap) => new(_state.Current, _state.Handles[devmap], _kernel.Interfaces.Refresh(), _state.Facts);
}
