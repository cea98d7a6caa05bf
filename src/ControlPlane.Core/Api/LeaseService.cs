using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Api;

/// <summary>The operations on leases.</summary>
internal sealed class LeaseService
{
    private readonly ControlPlaneState _state;
    private readonly DevmapWriter _writer;
    private readonly LeaseViews _views;

    public LeaseService(ControlPlaneState state, DevmapWriter writer) => (_state, _writer, _views) = (state, writer, new LeaseViews(state));

    /// <summary>Returns all leases, in order of their names.</summary>
    /// <exception cref="ControlPlaneException">The request is not valid.</exception>
    public IReadOnlyList<Lease> List(RequestContext request)
    {
        request.Violations.ThrowIfAny();
        var attachments = LeaseViews.CountAttachments(_state.Current);
        return [.. _state.Current.Leases.Values.Select(l => _views.View(l, attachments.GetValueOrDefault(l.Record.Name))).OfType<Lease>()];
    }

    /// <summary>Returns one lease.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.LeaseNotFound"/>: there is none, or its time is over.</exception>
    public Lease Get(string lease, RequestContext request)
    {
        request.Violations.ThrowIfAny();
        return _state.Current.Leases.GetValueOrDefault(lease) is { } found ? ViewOf(found) : throw new ControlPlaneException(LeaseErrors.NotFound(lease));
    }

    /// <summary>Makes a lease, or changes it, and gives it its full time.</summary>
    /// <param name="lease">The name of the lease.</param>
    /// <param name="spec">The desired state, not yet validated.</param>
    /// <param name="request">The request.</param>
    /// <param name="force">Whether a lease of another owner may be changed.</param>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task<PutOutcome<Lease>> PutAsync(string lease, LeaseSpec spec, RequestContext request, bool force = false)
    {
        if (!LeaseName.IsValid(lease) && !request.Violations.Has("lease"))
            request.Violations.Add("lease", LeaseName.Rule);
        if (!LifeTime.IsValid(spec.Ttl) && !request.Violations.Has("ttl"))
            request.Violations.Add("ttl", spec.Ttl == TimeSpan.Zero ? $"is required, and {LifeTime.Rule}" : LifeTime.Rule);
        LabelRules.Validate(spec.Labels, spec.Owner, request.Violations);
        request.Violations.ThrowIfAny();
        spec = spec with { Owner = EntryService.NullIfEmpty(spec.Owner) };
        var (created, placed) = await _writer.SubmitAsync(new PutLeaseCommand(lease, spec, request.Precondition, force), request);
        return new PutOutcome<Lease>(created, ViewOf(placed));
    }

    /// <summary>Deletes a lease, with the entries and attachments that name it.</summary>
    /// <param name="lease">The name of the lease.</param>
    /// <param name="owner">The owner of the lease, not yet validated; null or empty for none.</param>
    /// <param name="force">Whether a lease of another owner may be deleted.</param>
    /// <param name="request">The request.</param>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task DeleteAsync(string lease, string? owner, bool force, RequestContext request)
    {
        LabelRules.ValidateOwner(owner, request.Violations);
        request.Violations.ThrowIfAny();
        await _writer.SubmitAsync(new DeleteLeaseCommand(lease, request.Precondition, new(EntryService.NullIfEmpty(owner), force)), request);
    }

    /// <summary>Gives a lease its full time again. Nothing is stored, and the writer has no part in it.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.LeaseNotFound"/>: there is none, or its time is over.</exception>
    public KeptLease KeepAlive(string lease, RequestContext request)
    {
        request.Violations.ThrowIfAny();
        if (_state.Current.Leases.GetValueOrDefault(lease) is not { } found)
            throw new ControlPlaneException(LeaseErrors.NotFound(lease));
        EntryAccess.RequireLease(request.Caller, lease, found.Record.Spec.Owner);
        return _state.LeaseClock.KeepAlive(lease) is { } end ? new KeptLease(lease, end) : throw new ControlPlaneException(LeaseErrors.NotFound(lease));
    }

    private Lease ViewOf(PlacedLease placed) =>
        _views.View(placed, LeaseViews.CountAttachments(_state.Current).GetValueOrDefault(placed.Record.Name)) ?? throw new ControlPlaneException(LeaseErrors.NotFound(placed.Record.Name));
}
