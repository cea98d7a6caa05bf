using System.Globalization;

namespace ControlPlane.Core.Errors;

/// <summary>The errors about egress programs.</summary>
public static class ProgramErrors
{
    /// <summary>The egress program that the request addresses does not exist.</summary>
    public static Error NotFound(string program) => new(ErrorCode.ProgramNotFound, Absent(program))
    {
        Resource = $"programs/{program}",
        Remedy = new Remedy("The list shows the egress programs.", Calls.ListPrograms()),
    };

    /// <summary>The egress program that a field names does not exist.</summary>
    public static Error Missing(string program) => new(ErrorCode.ProgramNotFound, Absent(program))
    {
        Fields = [new FieldViolation("egressProgram", $"no egress program '{program}'")],
        Resource = $"programs/{program}",
        Remedy = new Remedy("Create the egress program first, for instance one that counts.", Calls.PutProgram(program, "count")),
    };

    /// <summary>Entries have the egress program, so it cannot be changed or deleted.</summary>
    /// <param name="program">The egress program.</param>
    /// <param name="entries">The number of entries that have it.</param>
    /// <param name="devmap">The devmap of one of them.</param>
    /// <param name="verb">The change that is refused.</param>
    public static Error InUse(string program, int entries, string devmap, string verb) =>
        new(
            ErrorCode.ProgramInUse,
            string.Create(CultureInfo.InvariantCulture, $"The egress program '{program}' is in use by {entries} entries and cannot be {verb}."))
        {
            Resource = $"programs/{program}",
            Remedy = new Remedy(
                $"Give these entries another program first, or create a program under another name. The list shows those of the devmap '{devmap}'.",
                Calls.ListEntriesOf(devmap, program)),
        };

    private static string Absent(string program) => $"There is no egress program '{program}'.";
}
