using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Core.Writing;

/// <summary>Removes an egress program that no entry carries. Answers with the revision at which it went.</summary>
internal sealed class DeleteProgramCommand(string name, Precondition precondition) : WriterCommand<long>
{
    protected override Plan<long> Plan(WriterContext context)
    {
        var before = context.State.Programs.GetValueOrDefault(name) ?? throw new ControlPlaneException(ProgramErrors.NotFound(name));
        precondition.Require($"programs/{name}", before.Wanted.Revision);
        if (before.Entries > 0)
            throw new ControlPlaneException(ProgramErrors.InUse(name, before.Entries, "deleted"));
        var revision = context.NextRevision();
        return new(
            Footprint.Exclusive,
            [new StoreChange.DeleteProgram(name)],
            [new StoreChange.PutProgram(before.Wanted)],
            (scope, _) =>
            {
                context.Kernel.Programs.Unload(scope, name);
                context.State.Programs = context.State.Programs.Remove(name);
                return revision;
            });
    }
}
