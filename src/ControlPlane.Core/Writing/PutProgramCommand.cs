using ControlPlane.Core.Errors;
using ControlPlane.Core.Ports;
using ControlPlane.Core.Programs;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>Loads an egress program. Answers with the program and whether it is new.</summary>
internal sealed class PutProgramCommand(string name, EgressProgramSpec spec) : WriterCommand<(bool Created, ProgramStatus Program)>
{
    protected override (bool Created, ProgramStatus Program) Run(WriterScope scope, WriterContext context)
    {
        var before = context.State.Programs.GetValueOrDefault(name);
        if (before is not null && before.Loaded.Spec == spec)
            return (false, before);
        if (before is { Entries: > 0 })
            throw InUse(name, before.Entries, "changed");

        var loaded = context.Kernel.Programs.Load(scope, name, spec);
        var now = context.Now;
        var after = new ProgramStatus(loaded, context.State.NextRevision(), before?.CreatedAt ?? now, now, 0);
        context.State.Programs = context.State.Programs.SetItem(name, after);
        return (before is null, after);
    }

    internal static ControlPlaneException InUse(string name, int entries, string verb) =>
        new(new Error(ErrorCode.ProgramInUse, $"The egress program '{name}' is carried by {entries} entries and cannot be {verb}.")
        {
            Resource = $"programs/{name}",
            Remedy = "Have these entries carry another program first (list them with ?egressProgram=), or create a program under another name.",
        });
}
