using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing;

namespace ControlPlane.Core.Api;

/// <summary>Egress programs: what both faces call.</summary>
public sealed class ProgramService
{
    private readonly ControlPlaneState _state;
    private readonly DevmapWriter _writer;
    private readonly IKernel _kernel;

    internal ProgramService(ControlPlaneState state, DevmapWriter writer, IKernel kernel) =>
        (_state, _writer, _kernel) = (state, writer, kernel);

    /// <summary>All egress programs, in order of their names.</summary>
    public IReadOnlyList<EgressProgram> List() => [.. _state.Programs.Values.Select(View)];

    /// <summary>One egress program.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.ProgramNotFound"/>.</exception>
    public EgressProgram Get(string program) => View(_state.Programs.GetValueOrDefault(program) ?? throw NotFound.Program(program));

    /// <summary>Loads the program as asked.</summary>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task<PutOutcome<EgressProgram>> PutAsync(
        string program, ProgramRequest request, Violations faults, Precondition precondition, CancellationToken cancellationToken)
    {
        if (!ProgramName.IsValid(program) && !faults.Has("program"))
            faults.Add("program", ProgramName.Rule);
        var config = ProgramValidation.Read(request, faults);
        LabelRules.Validate(request.Labels, request.Owner, faults);
        faults.ThrowIfAny();
        var spec = new EgressProgramSpec(config!, Labels.Of(request.Labels), string.IsNullOrEmpty(request.Owner) ? null : request.Owner);
        var (created, status) = await _writer.SubmitAsync(new PutProgramCommand(program, spec, precondition), cancellationToken);
        return new PutOutcome<EgressProgram>(created, View(status));
    }

    /// <summary>Removes the program; entries must not carry it.</summary>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task DeleteAsync(string program, Precondition precondition, CancellationToken cancellationToken) =>
        await _writer.SubmitAsync(new DeleteProgramCommand(program, precondition), cancellationToken);

    /// <summary>Has all entries that send to the interface, over all devmaps, carry this egress program: all of them, or none is changed.</summary>
    /// <param name="interfaceName">The egress interface.</param>
    /// <param name="program">The program; null or empty for none.</param>
    /// <param name="faults">What the face already found wrong with the request; the service adds to it and throws all.</param>
    /// <param name="expectedRevision">The revision that the interface must have; null for any.</param>
    /// <param name="cancellationToken">Ends the waiting; a write under way finishes.</param>
    /// <remarks>A frame that leaves while the entries are being written may still meet the program it would have met before.</remarks>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task<EgressProgramSwap> SetOfInterfaceAsync(
        string interfaceName, string? program, Violations faults, long? expectedRevision, CancellationToken cancellationToken)
    {
        if (!InterfaceName.IsValid(interfaceName) && !faults.Has("interface"))
            faults.Add("interface", InterfaceName.Rule);
        if (!string.IsNullOrEmpty(program) && !ProgramName.IsValid(program))
            faults.Add("egressProgram", ProgramName.Rule);
        faults.ThrowIfAny();
        return await _writer.SubmitAsync(
            new SetEgressProgramCommand(interfaceName, string.IsNullOrEmpty(program) ? null : program, expectedRevision), cancellationToken);
    }

    private EgressProgram View(PlacedProgram program)
    {
        var (record, loaded, entries) = program;
        var (packets, bytes) = _kernel.Programs.ReadCounters(record.Name);
        return new EgressProgram(
            record.Name, record.Revision, record.CreateTime, record.UpdateTime, record.Spec,
            new EgressProgramStatus(loaded.ProgramId, entries, packets, bytes));
    }
}
