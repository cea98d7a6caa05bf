using ControlPlane.Core.Errors;

namespace ControlPlane.FunctionalTests.Scenarios;

/// <summary>The answer that a scenario expects.</summary>
public abstract record Expected
{
    private Expected() { }

    /// <summary>Checks the answer; the message of a failed check shows the whole of it.</summary>
    public abstract void Check(Answer answer);

    /// <summary>Success, with at least these facts; a null value says that the fact must be absent.</summary>
    public sealed record Success(bool? Created, params (string Name, string? Value)[] Facts) : Expected
    {
        public override void Check(Answer answer)
        {
            var done = Assert.IsType<Answer.Done>(answer);
            if (Created is { } created && done.Created is { } said)
                Assert.True(created == said, $"created should be {created}: {Answer.Describe(answer)}");
            foreach (var (name, value) in Facts)
            {
                var found = done.Facts.GetValueOrDefault(name);
                Assert.True(found == value, $"{name} should be '{value}' and is '{found}': {Answer.Describe(answer)}");
            }
        }
    }

    /// <summary>
    /// Failure with this code and exactly these wrong fields. Errno, remedy and retry are compared both ways: each must
    /// be there, or must not.
    /// </summary>
    public sealed record Failure(ErrorCode Code, params string[] Fields) : Expected
    {
        /// <summary>The errno that must be in the answer; null for none.</summary>
        public int? Errno { get; init; }

        /// <summary>Whether there must be a remedy; null where it does not matter.</summary>
        public bool? Remedy { get; init; }

        /// <summary>Whether the answer must say when to try again.</summary>
        public bool Retry { get; init; }

        public override void Check(Answer answer)
        {
            var failed = Assert.IsType<Answer.Failed>(answer);
            Assert.True(Answer.Text(Code) == failed.Code, $"should be {Answer.Text(Code)}: {Answer.Describe(answer)}");
            Assert.True(Fields.Order().SequenceEqual(failed.Fields.Order()),
                $"fields should be [{string.Join(", ", Fields)}]: {Answer.Describe(answer)}");
            Assert.Equal(Errno, failed.Errno);
            Assert.Equal(Retry, failed.Retry);
            if (Remedy is { } remedy)
                Assert.True(remedy == !string.IsNullOrEmpty(failed.Remedy), $"remedy {(remedy ? "missing" : "unexpected")}: {Answer.Describe(answer)}");
            Assert.False(string.IsNullOrWhiteSpace(failed.Detail));
        }
    }
}
