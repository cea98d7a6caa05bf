using Google.Protobuf;

namespace ControlPlane.Cli.Output;

/// <summary>A column of a table.</summary>
/// <param name="Header">The header.</param>
/// <param name="Text">The text of a row.</param>
/// <param name="IsWide">Whether only <c>-o wide</c> has it.</param>
internal sealed record Column(string Header, Func<IMessage, string> Text, bool IsWide = false);

/// <summary>Makes columns of one kind of message.</summary>
internal static class Columns<T>
    where T : IMessage
{
    /// <summary>Returns a column.</summary>
    public static Column Of(string header, Func<T, string?> text, bool wide = false) => new(header, message => text((T)message) is { Length: > 0 } found ? found : "-", wide);
}

/// <summary>Rows of texts in columns, two spaces apart.</summary>
internal static class TextTable
{
    /// <summary>Returns the lines.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<string[]> rows, Func<string, string>? paint = null)
    {
        var widths = Widths(rows);
        return rows.Select(row => Line(row, widths, paint));
    }

    /// <summary>Returns the width of each column.</summary>
    public static int[] Widths(IReadOnlyList<string[]> rows) =>
        rows.Count == 0 ? [] : [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];

    /// <summary>Returns one line.</summary>
    public static string Line(string[] row, int[] widths, Func<string, string>? paint = null) => string.Join("  ", row.Select((cell, i) =>
    {
        var padded = i == row.Length - 1 ? cell : cell.PadRight(widths[i]);
        return paint is null ? padded : paint(padded);
    })).TrimEnd();
}
