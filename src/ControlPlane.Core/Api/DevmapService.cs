using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Loop;

namespace ControlPlane.Core.Api;

/// <summary>The devmap operations of the API.</summary>
internal sealed class DevmapService
{
    private readonly ControlPlaneState _state;
    private readonly DevmapViews _views;
    private readonly DevmapWriter _writer;
    private readonly DevmapLimits _limits;

    public DevmapService(ControlPlaneState state, DevmapViews views, DevmapWriter writer, DevmapLimits limits) =>
        (_state, _views, _writer, _limits) = (state, views, writer, limits);

    /// <summary>Returns all devmaps, in order of their names.</summary>
    /// <exception cref="ControlPlaneException">The request is not valid.</exception>
    public IReadOnlyList<Devmap> List(RequestContext request)
    {
        request.Violations.ThrowIfAny();
        return [.. _views.ViewAll(_state.Current.Devmaps.Values)];
    }

    /// <summary>One devmap.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.DevmapNotFound"/>.</exception>
    public Devmap Get(string devmap, RequestContext request)
    {
        request.Violations.ThrowIfAny();
        return View(_state.Current.Devmap(devmap));
    }

    /// <summary>How the entries of a devmap lie in the kernel's hash, and what that costs.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.DevmapNotFound"/>.</exception>
    public DevmapShape GetShape(string devmap, RequestContext request)
    {
        request.Violations.ThrowIfAny();
        var state = _state.Current.Devmap(devmap);
        return state.Entries.Shape with { EntryTable = _state.Handles[state.Id].ReadTableUse() };
    }

    /// <summary>Creates a devmap, or changes its settings while frames flow.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="spec">The desired state, not yet validated.</param>
    /// <param name="request">The request. Its precondition is about the revision of the settings.</param>
    /// <param name="force">Whether a devmap of another owner may be changed.</param>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task<PutOutcome<Devmap>> PutAsync(string devmap, DevmapSpec spec, RequestContext request, bool force = false)
    {
        if (!DevmapName.IsValid(devmap) && !request.Violations.Has("devmap"))
            request.Violations.Add("devmap", DevmapName.Rule);
        spec.Validate(_limits, request.Violations);
        request.Violations.ThrowIfAny();
        spec = spec with { Owner = EntryService.NullIfEmpty(spec.Owner) };
        var (created, id) = await _writer.SubmitAsync(new PutDevmapCommand(devmap, spec, request.Precondition, force), request);
        return new PutOutcome<Devmap>(created, View((id is null ? null : _state.Current.Find(id)) ?? throw new ControlPlaneException(DevmapErrors.NotFound(devmap))));
    }

    /// <summary>Deletes a devmap with its entries.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="owner">The owner of the devmap, not yet validated; null or empty for none.</param>
    /// <param name="force">Whether a devmap may be deleted that is attached, or of another owner.</param>
    /// <param name="request">The request. Its precondition is about the revision of the settings.</param>
    /// <exception cref="ControlPlaneException">The request failed. Nothing was changed, unless the kernel does not let go of the devmap.</exception>
    public async Task DeleteAsync(string devmap, string? owner, bool force, RequestContext request)
    {
        LabelRules.ValidateOwner(owner, request.Violations);
        request.Violations.ThrowIfAny();
        var (_, refusal) = await _writer.SubmitAsync(new DeleteDevmapCommand(devmap, request.Precondition, new(EntryService.NullIfEmpty(owner), force)), request);
        if (refusal is not null)
            throw new ControlPlaneException(DevmapErrors.NotRemoved(devmap, refusal));
    }

    private Devmap View(DevmapState devmap) => _views.View(devmap);
}
