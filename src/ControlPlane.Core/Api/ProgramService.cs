using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Loop;

namespace ControlPlane.Core.Api;

/// <summary>The program operations of the API.</summary>
internal sealed class ProgramService
{
    private readonly ControlPlaneState _state;
    private readonly DevmapWriter _writer;
    private readonly IKernel _kernel;
    private readonly ProgramViews _views;

    public ProgramService(ControlPlaneState state, DevmapWriter writer, IKernel kernel) =>
        (_state, _writer, _kernel, _views) = (state, writer, kernel, new ProgramViews(kernel));

    /// <summary>Returns all egress programs, in order of their names.</summary>
    /// <exception cref="ControlPlaneException">The request is not valid.</exception>
    public IReadOnlyList<EgressProgram> List(RequestContext request)
    {
        request.Violations.ThrowIfAny();
        return [.. _state.Current.Programs.Values.Select(View)];
    }

    /// <summary>Returns one egress program.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.ProgramNotFound"/>.</exception>
    public EgressProgram Get(string program, RequestContext request)
    {
        request.Violations.ThrowIfAny();
        return View(_state.Current.Programs.GetValueOrDefault(program) ?? throw new ControlPlaneException(ProgramErrors.NotFound(program)));
    }

    /// <summary>Creates or changes the program.</summary>
    /// <param name="program">The name of the program.</param>
    /// <param name="spec">The desired state, not yet validated.</param>
    /// <param name="request">The request.</param>
    /// <param name="force">Whether a program of another owner may be changed.</param>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task<PutOutcome<EgressProgram>> PutAsync(string program, EgressProgramSpec spec, RequestContext request, bool force = false)
    {
        if (!ProgramName.IsValid(program) && !request.Violations.Has("program"))
            request.Violations.Add("program", ProgramName.Rule);
        if (!request.Violations.Has("template"))
            spec.Template.Parameters.Check(spec.Parameters ?? EgressProgramParameters.Empty, request.Violations);
        LabelRules.Validate(spec.Labels, spec.Owner, request.Violations);
        request.Violations.ThrowIfAny();
        spec = spec with
        {
            Parameters = spec.Parameters is { IsEmpty: true } ? null : spec.Parameters,
            Owner = string.IsNullOrEmpty(spec.Owner) ? null : spec.Owner,
        };
        var (created, status) = await _writer.SubmitAsync(new PutProgramCommand(program, spec, request.Precondition, force), request);
        return new PutOutcome<EgressProgram>(created, View(status));
    }

    /// <summary>Deletes the program; entries must not carry it.</summary>
    /// <param name="program">The name of the program.</param>
    /// <param name="owner">The owner of the program, not yet validated; null or empty for none.</param>
    /// <param name="force">Whether a program of another owner may be deleted.</param>
    /// <param name="request">The request.</param>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task DeleteAsync(string program, string? owner, bool force, RequestContext request)
    {
        LabelRules.ValidateOwner(owner, request.Violations);
        request.Violations.ThrowIfAny();
        await _writer.SubmitAsync(new DeleteProgramCommand(program, request.Precondition, new(EntryService.NullIfEmpty(owner), force)), request);
    }

    /// <summary>Gives all entries that send to the interface, over all devmaps, this egress program: all of them, or none is changed.</summary>
    /// <param name="interfaceName">The egress interface.</param>
    /// <param name="program">The program; null or empty for none.</param>
    /// <param name="request">The request. Its precondition is about the revision of the interface.</param>
    /// <remarks>A frame that leaves while the entries are written may still meet the previous program.</remarks>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task<EgressProgramSwap> SetOfInterfaceAsync(string interfaceName, string? program, RequestContext request)
    {
        InterfaceName.Validate(interfaceName, "interface", request.Violations);
        if (!string.IsNullOrEmpty(program) && !ProgramName.IsValid(program))
            request.Violations.Add("egressProgram", ProgramName.Rule);
        new MeaningCheck(_state.Current, _kernel, request.Violations).OfProgram(program);
        request.Violations.ThrowIfAny();
        return await _writer.SubmitAsync(
            new SetEgressProgramCommand(interfaceName, string.IsNullOrEmpty(program) ? null : program, request.Precondition), request);
    }

    private EgressProgram View(PlacedProgram program) => _views.View(program);
}
