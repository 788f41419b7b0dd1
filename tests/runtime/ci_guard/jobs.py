"""The variables of a job of acme/shop on main, as each provider documents them."""

from __future__ import annotations

SHA = "83a20ec058e2fb00e7fa4558c4c6e81e2dcf253d"
UUID = "9e08ef3c-d6e6-4a86-91dd-577ce5205b8e"

GITHUB = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_RUN_ID": "1658821493",
    "GITHUB_RUN_NUMBER": "3",
    "GITHUB_RUN_ATTEMPT": "1",
    "GITHUB_SHA": SHA,
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_REPOSITORY": "acme/shop",
}
GITLAB = {
    "CI": "true",
    "GITLAB_CI": "true",
    "CI_PIPELINE_ID": "1519139981",
    "CI_JOB_ID": "8222997048",
    "CI_PROJECT_ID": "46573356",
    "CI_COMMIT_SHA": SHA,
    "CI_COMMIT_REF_NAME": "main",
    "CI_COMMIT_BRANCH": "main",
    "CI_PROJECT_PATH": "acme/shop",
}
JENKINS = {
    "CI": "true",
    "JENKINS_URL": "https://ci.example/",
    "BUILD_NUMBER": "153",
    "BUILD_URL": "https://ci.example/job/shop/job/main/153/",
    "JOB_NAME": "shop/main",
    "BUILD_TAG": "jenkins-shop-main-153",
    "BRANCH_NAME": "main",
    "GIT_URL": "https://user:hunter2@git.example/acme/shop.git",
}
CIRCLECI = {
    "CI": "true",
    "CIRCLECI": "true",
    "CIRCLE_WORKFLOW_ID": UUID,
    "CIRCLE_BUILD_NUM": "88",
    "CIRCLE_SHA1": SHA,
    "CIRCLE_BRANCH": "main",
    "CIRCLE_REPOSITORY_URL": "git@github.com:acme/shop.git",
}
AZURE = {
    "TF_BUILD": "True",
    "BUILD_BUILDID": "5123",
    "SYSTEM_JOBID": UUID,
    "SYSTEM_TEAMPROJECTID": UUID,
    "SYSTEM_TEAMPROJECT": "acme",
    "BUILD_SOURCEVERSION": SHA,
    "BUILD_SOURCEBRANCH": "refs/heads/main",
    "BUILD_REPOSITORY_NAME": "shop",
    "BUILD_REPOSITORY_PROVIDER": "TfsGit",
    "BUILD_REPOSITORY_URI": "https://dev.azure.com/acme-inc/acme/_git/shop",
}
BUILDKITE = {
    "CI": "true",
    "BUILDKITE": "true",
    "BUILDKITE_BUILD_ID": UUID,
    "BUILDKITE_JOB_ID": UUID,
    "BUILDKITE_BUILD_NUMBER": "1514",
    "BUILDKITE_BRANCH": "main",
    "BUILDKITE_PULL_REQUEST": "false",
    "BUILDKITE_TAG": "",
    "BUILDKITE_REPO": "git@github.com:acme/shop.git",
}
ALL = {
    "GitHub Actions": GITHUB,
    "GitLab": GITLAB,
    "Jenkins": JENKINS,
    "CircleCI": CIRCLECI,
    "Azure Pipelines": AZURE,
    "Buildkite": BUILDKITE,
}
